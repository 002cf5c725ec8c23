import { expect, it } from "vitest";
import { pagesFor, permissions } from "./permissions";

it("shows all pages to those who may do all", () => {
  expect(pagesFor(permissions).map((p) => p.id)).toEqual([
    "overview",
    "documents",
    "prompts",
    "conversations",
    "settings",
  ]);
});

it("hides what is not granted, and never the settings", () => {
  expect(pagesFor(["documents.read", "documents.write"]).map((p) => p.id)).toEqual(["documents", "settings"]);
  expect(pagesFor([]).map((p) => p.id)).toEqual(["settings"]);
});
