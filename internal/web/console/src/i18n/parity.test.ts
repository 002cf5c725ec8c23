import { describe, expect, it } from "vitest";
import en from "./en";
import zh from "./zh-CN";

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, prefix = ""): Map<string, string> {
  const out = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "string") out.set(prefix + key, value);
    else for (const [k, v] of flat(value, `${prefix}${key}.`)) out.set(k, v);
  }
  return out;
}

const placeholders = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

describe("texts", () => {
  const a = flat(en);
  const b = flat(zh);

  it("has the same keys in both languages", () => {
    expect([...b.keys()].sort()).toEqual([...a.keys()].sort());
  });

  it("fills the same values into both", () => {
    for (const [key, text] of a)
      expect([key, placeholders(b.get(key) ?? "")]).toEqual([key, placeholders(text)]);
  });

  it("has no empty text", () => {
    for (const texts of [a, b])
      for (const [key, text] of texts) expect([key, text.trim()]).not.toEqual([key, ""]);
  });

  it("is Chinese in the Chinese texts", () => {
    // Names that are the same in both.
    const same = new Set(["documents.fingerprint", "overview.p95Short", "receipt.tokens"]);
    const latin = [...b].filter(([key, text]) => !/\p{Script=Han}/u.test(text) && !same.has(key));
    expect(latin).toEqual([]);
  });
});
