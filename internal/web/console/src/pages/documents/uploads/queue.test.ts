import { describe, expect, it, vi } from "vitest";
import { problemFrom } from "../../../api/problem";
import { type Send, type Stored, UploadQueue } from "./queue";

interface Open {
  name: string;
  signal: AbortSignal;
  progress: (sent: number) => void;
  finish: (changed?: boolean) => void;
  fail: (error: unknown) => void;
}

/** A queue whose sending is in the test's hands. */
function queueInHand(atOnce = 2) {
  const open: Open[] = [];
  const send: Send = (upload, progress, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(problemFrom(0, { code: "aborted" })));
      open.push({
        name: upload.file.name,
        signal,
        progress,
        finish: (changed = true) => resolve({ changed } as Stored),
        fail: reject,
      });
    });
  const queue = new UploadQueue(send, atOnce);
  const states = () => queue.snapshot().map((u) => `${u.file.name} ${u.state}`);
  return { queue, open, states };
}

const files = (...names: string[]) => names.map((name) => new File(["x"], name));
const settled = () => new Promise((r) => setTimeout(r));

describe("UploadQueue", () => {
  it("sends some at once and the rest in line", async () => {
    const { queue, open, states } = queueInHand();
    queue.add("c", files("a", "b", "d"));
    expect(states()).toEqual(["a sending", "b sending", "d waiting"]);
    open[0]?.finish();
    await settled();
    expect(states()).toEqual(["a done", "b sending", "d sending"]);
    expect(queue.busy).toBe(true);
  });

  it("never sends two files of one name at once", async () => {
    const { queue, open, states } = queueInHand(3);
    queue.add("c", files("a", "a"));
    queue.add("other", files("a"));
    expect(states()).toEqual(["a sending", "a waiting", "a sending"]);
    open[0]?.finish();
    await settled();
    expect(states()).toEqual(["a done", "a sending", "a sending"]);
  });

  it("tells progress, and whether anything changed", async () => {
    const { queue, open, states } = queueInHand();
    const stored = vi.fn();
    queue.onStored = stored;
    queue.add("c", files("a"));
    open[0]?.progress(0.4);
    expect(queue.snapshot()[0]?.sent).toBe(0.4);
    open[0]?.finish(false);
    await settled();
    expect(states()).toEqual(["a same"]);
    expect(stored).toHaveBeenCalledTimes(1);
  });

  it("keeps what failed, goes on with the rest, and sends it again on retry", async () => {
    const { queue, open, states } = queueInHand(1);
    queue.add("c", files("a", "b"));
    open[0]?.fail(problemFrom(413, { code: "too_large", request_id: "r-2" }));
    await settled();
    expect(states()).toEqual(["a failed", "b sending"]);
    expect(queue.snapshot()[0]?.error?.requestId).toBe("r-2");
    queue.retry(queue.snapshot()[0]?.id ?? 0);
    expect(states()).toEqual(["a waiting", "b sending"]);
    open[1]?.finish();
    await settled();
    expect(states()).toEqual(["a sending", "b done"]);
  });

  it("breaks off what is removed while it is sent", async () => {
    const { queue, open, states } = queueInHand(1);
    queue.add("c", files("a", "b"));
    queue.remove(queue.snapshot()[0]?.id ?? 0);
    expect(open[0]?.signal.aborted).toBe(true);
    await settled();
    expect(states()).toEqual(["b sending"]);
  });

  it("clears what arrived and leaves the rest", async () => {
    const { queue, open, states } = queueInHand();
    queue.add("c", files("a", "b"));
    open[0]?.finish();
    await settled();
    queue.clear();
    expect(states()).toEqual(["b sending"]);
  });

  it("tells listeners until they leave", () => {
    const { queue } = queueInHand();
    const listener = vi.fn();
    const leave = queue.subscribe(listener);
    queue.add("c", files("a"));
    const heard = listener.mock.calls.length;
    expect(heard).toBeGreaterThan(0);
    leave();
    queue.add("c", files("b"));
    expect(listener).toHaveBeenCalledTimes(heard);
  });
});
