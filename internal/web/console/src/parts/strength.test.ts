import { expect, it } from "vitest";
import { strengthOf } from "./strength";

it.each([
  ["short", "", "tooShort"],
  ["aaaaaaaaaaaaaaaa", "", "weak"],
  ["password12345", "", "weak"],
  ["mei.lin.2026", "mei.lin", "weak"],
  ["correct horse battery staple", "", "strong"],
  ["绿色的铅笔在月亮上唱歌跳舞", "", "fair"],
])("%s of %s is %s", (password, username, want) => {
  expect(strengthOf(password, username)).toBe(want);
});

it("gets no weaker by a longer password", () => {
  const order = ["tooShort", "weak", "fair", "good", "strong"];
  let last = 0;
  for (let n = 1; n <= 30; n++) {
    const now = order.indexOf(strengthOf("Ab3$efGhijKlmnoPqrstUvwxyz0129".slice(0, n)));
    expect(now).toBeGreaterThanOrEqual(last);
    last = now;
  }
  expect(last).toBe(4);
});
