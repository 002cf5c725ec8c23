import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pass, said, Server } from "./fake";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function begin() {
  const server = new Server();
  const session = server.session();
  session.start();
  server.welcome();
  return { server, session };
}

describe("sending", () => {
  it("says hello first, with the language and the kept token", () => {
    const server = new Server();
    server.keep.setToken("tok");
    const session = server.session();
    session.start();
    server.socket.open();
    expect(server.socket.sent).toEqual([{ type: "hello", locale: "en", token: "tok" }]);
    expect(session.status).toBe("connecting");
    server.socket.tell({ type: "welcome", token: "new", chat: "v.1", history: [] });
    expect(session.status).toBe("open");
    expect(server.keep.token()).toBe("new");
  });

  it("sends one message at a time and waits for its ack", () => {
    const { server, session } = begin();
    session.say("one");
    session.say("two");
    expect(server.socket.said).toEqual(["one"]);
    expect(session.entries.map((e) => e.state)).toEqual(["sending", "sending"]);
    server.socket.tell({ type: "ack", id: "id-1" });
    expect(server.socket.said).toEqual(["one", "two"]);
    expect(session.entries.map((e) => e.state)).toEqual(["sent", "sending"]);
    expect(session.typing).toBe(true);
  });

  it("keeps what is said before the first connection", () => {
    const server = new Server();
    const session = server.session();
    session.start();
    session.say("early");
    expect(server.socket.said).toEqual([]);
    server.welcome();
    expect(server.socket.said).toEqual(["early"]);
  });

  it("is the same message when the server tells it back", () => {
    const { server, session } = begin();
    session.say("one");
    server.socket.tell(said("said", "id-1", 1, "one"));
    expect(session.entries).toHaveLength(1);
    expect(session.entries[0]).toMatchObject({ seq: 1, state: "sending" });
  });
});

describe("a break", () => {
  it("sends again with the same ID what was not acknowledged", () => {
    const { server, session } = begin();
    session.say("one");
    session.say("two");
    server.socket.break();
    expect(session.status).toBe("waiting");
    pass(500);
    expect(server.sockets).toHaveLength(2);
    // The server had stored the first one, but its ack was lost.
    server.welcome([said("said", "id-1", 1, "one")]);
    expect(session.entries.map((e) => e.text)).toEqual(["one", "two"]);
    expect(server.socket.sent.slice(1)).toEqual([{ type: "say", id: "id-1", text: "one", locale: "en" }]);
    server.socket.tell({ type: "ack", id: "id-1" });
    server.socket.tell({ type: "ack", id: "id-2" });
    expect(server.socket.said).toEqual(["one", "two"]);
    expect(session.entries.every((e) => e.state === "sent")).toBe(true);
  });

  it("survives a reload of the page", () => {
    const { server, session } = begin();
    session.say("one");
    session.close();
    const reloaded = server.session();
    reloaded.start();
    server.welcome();
    expect(server.socket.sent.at(-1)).toEqual({ type: "say", id: "id-1", text: "one", locale: "en" });
    server.socket.tell({ type: "ack", id: "id-1" });
    expect(server.keep.pending()).toEqual([]);
  });

  it("waits longer each time, and starts afresh after a welcome", () => {
    const { server } = begin();
    for (const wait of [500, 1000, 2000, 4000]) {
      server.socket.break();
      const before = server.sockets.length;
      pass(wait - 1);
      expect(server.sockets).toHaveLength(before);
      pass(1);
      expect(server.sockets).toHaveLength(before + 1);
    }
    for (let i = 0; i < 10; i++) {
      server.socket.break();
      pass(30_000);
    }
    server.welcome();
    const before = server.sockets.length;
    server.socket.break();
    pass(500);
    expect(server.sockets).toHaveLength(before + 1);
  });

  it("notices a socket that is open and dead", () => {
    const { server, session } = begin();
    const dead = server.socket;
    pass(25_000);
    expect(dead.sent.at(-1)).toEqual({ type: "ping" });
    dead.tell({ type: "pong" });
    pass(24_999);
    expect(session.status).toBe("open");
    pass(1 + 10_000);
    expect(session.status).toBe("waiting");
    expect(dead.closed).toBe(true);
  });

  it("gives up on a connection that never gets to its welcome", () => {
    const server = new Server();
    const session = server.session();
    session.start();
    server.socket.open();
    pass(15_000);
    expect(session.status).toBe("waiting");
  });

  it("hears nothing more from the old socket", () => {
    const { server, session } = begin();
    const old = server.socket;
    old.break();
    pass(500);
    server.welcome();
    old.tell(said("post", "ghost", 9, "boo"));
    expect(session.entries).toEqual([]);
  });
});

describe("refusals", () => {
  it("tries again by itself when the server takes nothing now", () => {
    const { server, session } = begin();
    session.say("one");
    session.say("two");
    server.socket.tell({ type: "refused", id: "id-1", code: "unavailable", retry_after: 2 });
    expect(server.socket.said).toEqual(["one"]);
    pass(2000);
    expect(server.socket.said).toEqual(["one", "one"]);
  });

  it("tells when to come back, and sends again on request", () => {
    const { server, session } = begin();
    session.say("one");
    server.socket.tell({ type: "refused", id: "id-1", code: "rate_limited", retry_after: 12 });
    expect(session.entries[0]).toMatchObject({ state: "failed", code: "rate_limited", until: Date.now() + 12_000 });
    expect(server.keep.pending()).toEqual([]);
    session.again("id-1");
    expect(server.socket.said).toEqual(["one", "one"]);
  });

  it("lets the next one through, and the refused one be taken back", () => {
    const { server, session } = begin();
    session.say("long");
    session.say("short");
    server.socket.tell({ type: "refused", id: "id-1", code: "too_long" });
    expect(server.socket.said).toEqual(["long", "short"]);
    expect(session.discard("id-1")).toBe("long");
    expect(session.entries.map((e) => e.text)).toEqual(["short"]);
  });
});

describe("answers", () => {
  it("grow, and are final once", () => {
    const { server, session } = begin();
    session.say("q");
    server.socket.tell({ type: "ack", id: "id-1" });
    expect(session.typing).toBe(true);
    server.socket.tell(said("post", "p", 2, "It", { final: false }));
    expect([session.typing, session.busy]).toEqual([false, true]);
    server.socket.tell({ type: "edit", id: "p", text: "It takes", final: false });
    server.socket.tell({ type: "edit", id: "p", text: "It takes 3 days", final: true, sources: [{ number: 1, title: "T" }] });
    expect(session.busy).toBe(false);
    expect(session.entries.filter((e) => !e.mine)).toMatchObject([{ text: "It takes 3 days", final: true, sources: [{ number: 1 }] }]);
  });

  it("go on after a break where they are by then", () => {
    const { server, session } = begin();
    server.socket.tell(said("post", "p", 2, "It", { final: false }));
    server.socket.break();
    pass(500);
    server.welcome([said("said", "q", 1, "q"), said("post", "p", 2, "It takes", { final: false })]);
    server.socket.tell({ type: "edit", id: "p", text: "It takes 3 days", final: true });
    expect(session.entries.map((e) => e.text)).toEqual(["q", "It takes 3 days"]);
  });

  it("cannot be stopped for ever when nothing more comes", () => {
    const { server, session } = begin();
    server.socket.tell(said("post", "p", 2, "It", { final: false }));
    server.socket.tell({ type: "typing" });
    expect(session.busy).toBe(true);
    pass(95_000);
    expect(session.busy).toBe(false);
  });

  it("keep their place when they overtake an ack", () => {
    const { server, session } = begin();
    session.say("one");
    session.say("two");
    server.socket.tell(said("said", "id-1", 1, "one"));
    server.socket.tell(said("post", "p", 2, "answer"));
    expect(session.entries.map((e) => e.text)).toEqual(["one", "answer", "two"]);
  });

  it("take a thumb", () => {
    const { server, session } = begin();
    server.socket.tell(said("post", "p", 2, "answer"));
    session.rate("p", -1, "wrong");
    expect(server.socket.sent.at(-1)).toEqual({ type: "rate", post: "p", value: -1, reason: "wrong" });
    server.socket.tell({ type: "rated", post: "p", value: -1 });
    expect(session.entries[0]?.rating).toBe(-1);
  });
});

it("leaves nothing of the old conversation in a new one", () => {
  const { server, session } = begin();
  session.say("stuck");
  server.socket.tell({ type: "welcome", chat: "v.2", history: [] });
  expect(session.entries).toEqual([]);
  expect(server.keep.pending()).toEqual([]);
});
