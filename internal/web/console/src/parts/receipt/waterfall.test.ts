import { expect, it } from "vitest";
import { waterfall } from "./waterfall";

it("puts stages one after the other, and the first token into the answer", () => {
  const { spans, total } = waterfall([
    { name: "history", took_ms: 2 },
    { name: "retrieve", took_ms: 20 },
    { name: "first_token", took_ms: 500 },
    { name: "answer", took_ms: 1500 },
  ]);
  expect(spans.map((s) => [s.name, s.start])).toEqual([
    ["history", 0],
    ["retrieve", 2],
    ["first_token", 22],
    ["answer", 22],
  ]);
  expect(total).toBe(1522);
});

it("ends with the first token when the answer broke off", () => {
  expect(waterfall([{ name: "first_token", took_ms: 30 }]).total).toBe(30);
});

it("is empty for nothing, and never negative", () => {
  expect(waterfall([])).toEqual({ spans: [], total: 0 });
  expect(waterfall([{ name: "retrieve", took_ms: -3 }]).total).toBe(0);
});
