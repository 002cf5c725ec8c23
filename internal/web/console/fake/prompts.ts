import { variablesIn } from "../src/pages/prompts/editor/variables.ts";
import { type FakeAnswer, type FakeRequest, problem } from "./answer.ts";
import type { World } from "./world.ts";

const known = ["Assistant", "Language", "Question", "Passages", "History", "Date"];

export function check(text: string) {
  return variablesIn(text)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const before = text.slice(0, text.indexOf(`.${name}`)).split("\n");
      return {
        line: before.length,
        column: (before.at(-1)?.length ?? 0) + 1,
        code: "unknown_variable",
        message: `There is no variable ${name}.`,
      };
    });
}

export function savePrompt(w: World, r: FakeRequest, [name = ""]: string[]): FakeAnswer {
  const all = w.prompts[name];
  if (!all) return problem(404, "prompt_not_found", `There is no prompt ${name}.`);
  if (check(String(r.body.text)).length > 0)
    return problem(422, "prompt_invalid", "The prompt cannot be saved: it would not render.");
  const saved = {
    name,
    version: (all[0]?.version ?? 0) + 1,
    text: String(r.body.text),
    note: String(r.body.note ?? ""),
    author: "mei",
    active: false,
    created_at: new Date().toISOString(),
  };
  all.unshift(saved);
  return { status: 201, body: saved };
}
