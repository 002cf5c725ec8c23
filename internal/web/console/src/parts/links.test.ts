import { expect, it } from "vitest";
import { safeLink } from "./links";

it.each([
  ["https://example.com/a", true],
  ["http://example.com", true],
  ["/sources/abc/1", true],
  ["//evil.example", false],
  ["/\\evil.example", false],
  ["javascript:alert(1)", false],
  ["data:text/html,x", false],
  ["notes.md", false],
  ["", false],
])("%s may be followed: %s", (link, want) => {
  expect(safeLink(link)).toBe(want ? link : undefined);
});
