import { expect, it } from "vitest";
import { readConfig } from "../src/config";
import { choose, I18n, localized, texts } from "../src/i18n/i18n";
import { sourceHref } from "../src/ui/sources";
import { accent } from "../src/ui/color";

it("has every text in both languages, with the same values in it", () => {
  const holes = (s: string): string[] => [...s.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort();
  expect(Object.keys(texts["zh-CN"]).sort()).toEqual(Object.keys(texts.en).sort());
  for (const key of Object.keys(texts.en) as (keyof typeof texts.en)[]) {
    expect(texts["zh-CN"][key], key).not.toBe("");
    expect(holes(texts["zh-CN"][key]), key).toEqual(holes(texts.en[key]));
  }
});

it.each([
  [["zh-TW", "en"], "zh-CN"],
  [["de-DE", "zh"], "zh-CN"],
  [["en-GB", "zh"], "en"],
  [["fr"], "en"],
  [["", "zh-Hans-CN"], "zh-CN"],
])("%s is served in %s", (preferred, want) => expect(choose(preferred)).toBe(want));

it("finds a channel's own words", () => {
  expect(localized({ en: "a", "zh-CN": "b" }, "zh-CN")).toBe("b");
  expect(localized({ en: "a", zh: "b" }, "zh-CN")).toBe("b");
  expect(localized({ en: "a" }, "zh-CN")).toBe("a");
  expect(localized({ de: "c" }, "en")).toBe("c");
  expect(localized(null, "en")).toBeUndefined();
});

it("fills values in", () => {
  expect(new I18n("en").t("rate_limited", { n: 12 })).toContain("12 seconds");
});

it("reads the settings that the server puts in", () => {
  const raw = encodeURIComponent(JSON.stringify({ socket: "/channels/web/socket", title: { en: "</script>'\"`" } }));
  expect(readConfig(raw).title?.["en"]).toBe("</script>'\"`");
  expect(readConfig("__PARLEY_CONFIG__").socket).toBe("/channels/web/socket");
});

it.each([
  ["https://x.example/a", "https://x.example/a"],
  ["/sources/k/1", "https://parley.example/sources/k/1"],
  ["//evil.example", ""],
  ["/\\evil.example", ""],
  ["javascript:alert(1)", ""],
  ["data:text/html,x", ""],
  [undefined, ""],
])("a source at %s opens %s", (url, want) => expect(sourceHref(url, "https://parley.example")).toBe(want));

it("writes dark on light colours and light on dark ones", () => {
  expect(accent("#ffe066")).toEqual([["--accent", "#ffe066"], ["--on-accent", "#111"]]);
  expect(accent("#07a")).toEqual([["--accent", "#0077aa"], ["--on-accent", "#fff"]]);
  expect(accent("red;background:url(//evil.example)")).toEqual([]);
});
