import { describe, expect, it } from "vitest";
import {
  formatAgo,
  formatBytes,
  formatCompact,
  formatDay,
  formatMs,
  formatPercent,
  formatScore,
  isTime,
} from "./format";

describe("formatMs", () => {
  it.each([
    [0, "0 ms"],
    [0.42, "0.4 ms"],
    [37.6, "38 ms"],
    [1240, "1.24 s"],
    [61_000, "1 min 1 s"],
    [null, "–"],
    [Number.NaN, "–"],
  ])("%s is %s", (ms, want) => expect(formatMs(ms, "en")).toBe(want));
});

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1500, "1.5 kB"],
    [4_812_000, "4.8 MB"],
    [200_000_000, "200 MB"],
    [7_100_000_000, "7.1 GB"],
  ])("%i is %s", (n, want) => expect(formatBytes(n, "en")).toBe(want));
});

describe("formatPercent", () => {
  it.each([
    [1, 3, "33%"],
    [0, 0, "–"],
    [3, 3, "100%"],
    [773, 774, "99.9%"],
  ])("%i of %i is %s", (part, whole, want) => expect(formatPercent(part, whole, "en")).toBe(want));
});

it("formatCompact shortens only large numbers", () => {
  expect(formatCompact(9_876, "en")).toBe("9,876");
  expect(formatCompact(12_345, "en")).toBe("12.3K");
  expect(formatCompact(12_345, "zh-CN")).toBe("1.2万");
});

it("formatDay does not shift the day", () => {
  expect(formatDay("2026-11-23", "en")).toBe("Nov 23");
  expect(formatDay("2026-11-23", "zh-CN")).toBe("11月23日");
});

it("formatScore keeps its digits", () => expect(formatScore(3, 3, "en")).toBe("3.000"));

describe("formatAgo", () => {
  const from = Date.parse("2026-11-23T12:00:00Z");
  it.each([
    ["2026-11-23T11:59:50Z", "now"],
    ["2026-11-23T11:57:10Z", "2 minutes ago"],
    ["2026-11-23T09:00:00Z", "3 hours ago"],
    ["2026-11-22T10:00:00Z", "yesterday"],
    ["2026-11-01T12:00:00Z", "Nov 1, 2026"],
  ])("%s is %s", (at, want) => expect(formatAgo(at, "en", from)).toBe(want));
});

it("isTime knows Go's zero time", () => {
  expect(isTime("0001-01-01T00:00:00Z")).toBe(false);
  expect(isTime(null)).toBe(false);
  expect(isTime("nonsense")).toBe(false);
  expect(isTime("2026-11-23T12:00:00Z")).toBe(true);
});
