import { Connection, type Socket, type Status } from "./connection";
import type { Keep } from "./keep";
import type { Incoming, Outgoing, Said, Source } from "./protocol";

/** One thing in the chat, as it is shown. */
export interface Entry {
  id: string;
  mine: boolean;
  seq: number; // 0: the server has not told it yet
  text: string;
  final: boolean;
  notice: boolean;
  sources: Source[];
  rating: number;
  state: "sent" | "sending" | "failed"; // of the visitor's own
  code?: string; // why it failed
  until?: number; // when it may be tried again
}

export interface Options {
  dial: () => Socket;
  keep: Keep;
  locale: () => string;
  uuid: () => string;
  random?: () => number;
}

const typingFor = 8_000; // the server repeats the sign more often than that
const growingFor = 90_000; // an answer that stands still so long has no stop button

/**
 * Session is the state of one chat. What the visitor says is shown at once, kept
 * until the server has acknowledged it, and sent again after a break with the same
 * ID, one at a time, so that it arrives once and in order.
 */
export class Session {
  readonly entries: Entry[] = [];
  private chat = "";
  private flying = ""; // ID of the message that waits for its ack
  private resend: ReturnType<typeof setTimeout> | undefined;
  private typingUntil = 0;
  private grown = 0; // when an answer last grew
  private dots: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<(id?: string) => void>();
  private readonly connection: Connection;
  ready = false; // the first welcome has come

  constructor(private readonly o: Options) {
    this.connection = new Connection(o.dial, () => this.hello(), (f) => this.take(f), () => this.turned(), o.random);
    for (const m of o.keep.pending()) this.entries.push(own(m.id, m.text));
  }

  get status(): Status {
    return this.connection.status;
  }

  /** Dots are due: the bot is at it and has not said anything yet. */
  get typing(): boolean {
    return Date.now() < this.typingUntil && !this.growing;
  }

  /** There is an answer to stop. */
  get busy(): boolean {
    return this.typing || this.growing;
  }

  private get growing(): boolean {
    const last = this.entries.findLast((e) => !e.mine);
    return last !== undefined && !last.final && Date.now() - this.grown < growingFor;
  }

  /** f is called with the ID of the entry that changed, or without one if more did. */
  subscribe(f: (id?: string) => void): () => void {
    this.listeners.add(f);
    return () => void this.listeners.delete(f);
  }

  start(): void {
    this.connection.start();
  }

  close(): void {
    clearTimeout(this.resend);
    clearTimeout(this.dots);
    this.connection.stop();
  }

  reconnect(): void {
    this.connection.now();
  }

  probe(): void {
    this.connection.probe();
  }

  say(text: string): void {
    const e = own(this.o.uuid(), text);
    this.entries.push(e);
    this.o.keep.put(e.id, text);
    this.tell();
    this.pump();
  }

  /** Sends again what was refused. */
  again(id: string): void {
    const e = this.find(id, true);
    if (e?.state !== "failed") return;
    e.state = "sending";
    delete e.code;
    delete e.until;
    this.o.keep.put(e.id, e.text);
    this.tell(id);
    this.pump();
  }

  /** Takes away what was refused, and returns its text. */
  discard(id: string): string {
    const i = this.entries.findIndex((e) => e.mine && e.id === id && e.state === "failed");
    if (i < 0) return "";
    const [e] = this.entries.splice(i, 1);
    this.tell();
    return e?.text ?? "";
  }

  stop(): void {
    this.connection.send({ type: "stop" });
  }

  rate(post: string, value: number, reason?: string): void {
    this.connection.send({ type: "rate", post, value, ...(reason ? { reason } : {}) });
  }

  fresh(): void {
    this.connection.send({ type: "new" });
  }

  private hello(): Outgoing {
    const token = this.o.keep.token();
    return { type: "hello", locale: this.o.locale(), ...(token ? { token } : {}) };
  }

  private turned(): void {
    if (this.status !== "open") {
      this.flying = "";
      clearTimeout(this.resend);
    }
    this.tell();
  }

  /** Sends the oldest message that is not acknowledged, if none is on its way. */
  private pump(): void {
    if (this.flying) return;
    const e = this.entries.find((x) => x.mine && x.state === "sending");
    if (e && this.connection.send({ type: "say", id: e.id, text: e.text, locale: this.o.locale() })) this.flying = e.id;
  }

  private take(f: Incoming): void {
    switch (f.type) {
      case "welcome":
        return this.welcome(f);
      case "said":
      case "post":
        return this.put(f);
      case "edit": {
        const e = this.find(f.id, false);
        if (!e) return;
        e.text = f.text;
        e.final = f.final;
        e.notice = f.notice ?? false;
        e.sources = f.sources ?? e.sources;
        this.moved(e);
        return this.tell(e.id);
      }
      case "ack":
        return this.acked(f.id);
      case "refused":
        return this.refused(f.id ?? "", f.code, f.retry_after ?? 0);
      case "rated": {
        const e = this.find(f.post, false);
        if (e) e.rating = f.value;
        return this.tell(f.post);
      }
      case "typing":
        return this.showTyping();
    }
  }

  private welcome(f: Extract<Incoming, { type: "welcome" }>): void {
    if (f.token) this.o.keep.setToken(f.token);
    const moved = this.chat !== "" && this.chat !== f.chat;
    this.chat = f.chat;
    const waiting = moved ? [] : this.entries.filter((e) => e.mine && e.state !== "sent");
    if (moved) for (const e of this.entries) this.o.keep.drop(e.id);
    this.entries.length = 0;
    this.typingUntil = 0;
    this.flying = "";
    for (const s of f.history) this.insert(s);
    for (const e of waiting) {
      // It may be in the history and still not be acknowledged: it is sent again.
      const there = this.find(e.id, true);
      if (there) there.state = e.state;
      else this.entries.push(e);
    }
    this.ready = true;
    this.tell();
    this.pump();
  }

  private put(s: Said): void {
    const known = this.find(s.id, s.type === "said");
    if (known) {
      known.seq = s.seq;
      this.sort();
    } else {
      this.moved(this.insert(s));
    }
    this.tell();
  }

  private insert(s: Said): Entry {
    const e: Entry = {
      id: s.id, mine: s.type === "said", seq: s.seq, text: s.text, final: s.final,
      notice: s.notice ?? false, sources: s.sources ?? [], rating: s.rating ?? 0, state: "sent",
    };
    this.entries.push(e);
    if (!e.mine && !e.final) this.grown = Date.now();
    this.sort();
    return e;
  }

  private sort(): void {
    this.entries.sort((a, b) => (a.seq || Infinity) - (b.seq || Infinity) || 0);
  }

  /** An answer has grown or is complete. */
  private moved(e: Entry): void {
    if (e.mine) return;
    this.grown = Date.now();
    if (e.final) this.typingUntil = 0;
  }

  private acked(id: string): void {
    const e = this.find(id, true);
    this.o.keep.drop(id);
    if (this.flying === id) this.flying = "";
    if (e) {
      e.state = "sent";
      this.showTyping(); // the server's own sign follows
      this.tell(id);
    }
    this.pump();
  }

  private refused(id: string, code: string, seconds: number): void {
    const e = this.find(id, true);
    if (this.flying === id) this.flying = "";
    if (!e || e.state !== "sending") return;
    if (code === "unavailable") {
      // The server cannot take anything now: this one stays first in line.
      this.flying = id;
      clearTimeout(this.resend);
      this.resend = setTimeout(() => {
        this.flying = "";
        this.pump();
      }, Math.max(1, seconds) * 1000);
      return;
    }
    e.state = "failed";
    e.code = code;
    if (seconds > 0) e.until = Date.now() + seconds * 1000;
    this.o.keep.drop(id);
    this.tell(id);
    this.pump();
  }

  private showTyping(): void {
    this.typingUntil = Date.now() + typingFor;
    clearTimeout(this.dots);
    this.dots = setTimeout(() => this.tell(), typingFor + 50);
    this.tell();
  }

  private find(id: string, mine: boolean): Entry | undefined {
    return this.entries.find((e) => e.id === id && e.mine === mine);
  }

  private tell(id?: string): void {
    for (const f of this.listeners) f(id);
  }
}

function own(id: string, text: string): Entry {
  return { id, mine: true, seq: 0, text, final: true, notice: false, sources: [], rating: 0, state: "sending" };
}
