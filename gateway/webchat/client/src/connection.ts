import type { Incoming, Outgoing } from "./protocol";

/** The part of WebSocket that is used here; tests have a small one of their own. */
export interface Socket {
  onopen: ((e: Event) => void) | null;
  onmessage: ((e: MessageEvent) => void) | null;
  onclose: ((e: CloseEvent) => void) | null;
  send(data: string): void;
  close(): void;
}

export type Status = "connecting" | "open" | "waiting";

const first = 500;
const longest = 30_000;
const pingAfter = 25_000;
const deafAfter = 10_000; // after a ping
const openWithin = 15_000;

/**
 * Connection keeps a socket open: it connects again with growing, jittered waits,
 * and notices a socket that is open but dead. It is "open" once the server has
 * said welcome.
 */
export class Connection {
  status: Status = "connecting";
  private socket: Socket | undefined;
  private failures = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setTimeout> | undefined;
  private ended = false;

  constructor(
    private readonly dial: () => Socket,
    private readonly hello: () => Outgoing,
    private readonly take: (f: Incoming) => void,
    private readonly changed: () => void,
    private readonly random: () => number = Math.random,
  ) {}

  start(): void {
    this.ended = false;
    this.connect();
  }

  /** Tries at once, as when the network came back or the person asked for it. */
  now(): void {
    if (this.ended || this.status !== "waiting") return;
    this.connect();
  }

  /** Asks an open socket for a sign of life, as after the laptop was asleep. */
  probe(): void {
    if (this.status === "open") this.ping();
    else this.now();
  }

  send(f: Outgoing): boolean {
    if (this.status !== "open" || !this.socket) return false;
    this.socket.send(JSON.stringify(f));
    return true;
  }

  stop(): void {
    this.ended = true;
    this.drop();
    this.set("waiting");
  }

  private connect(): void {
    this.drop();
    this.set("connecting");
    let socket: Socket;
    try {
      socket = this.dial();
    } catch {
      this.lost();
      return;
    }
    this.socket = socket;
    this.watch = setTimeout(() => this.lost(), openWithin);
    socket.onopen = () => socket.send(JSON.stringify(this.hello()));
    socket.onclose = () => this.socket === socket && this.lost();
    socket.onmessage = (e) => this.socket === socket && this.heard(String(e.data));
  }

  private heard(data: string): void {
    let f: Incoming;
    try {
      f = JSON.parse(data) as Incoming;
    } catch {
      return;
    }
    if (f.type === "welcome") this.failures = 0;
    this.quiet();
    if (f.type === "welcome" && this.status !== "open") {
      this.status = "open";
      this.take(f);
      this.changed();
      return;
    }
    this.take(f);
  }

  /** Starts waiting for silence to become suspicious. */
  private quiet(): void {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => this.ping(), pingAfter);
  }

  private ping(): void {
    if (!this.send({ type: "ping" })) return;
    clearTimeout(this.watch);
    this.watch = setTimeout(() => this.lost(), deafAfter);
  }

  private lost(): void {
    this.drop();
    if (this.ended) return;
    const wait = Math.min(longest, first * 2 ** this.failures) * (0.5 + this.random() / 2);
    this.failures++;
    this.retry = setTimeout(() => this.connect(), wait);
    this.set("waiting");
  }

  private drop(): void {
    clearTimeout(this.retry);
    clearTimeout(this.watch);
    const old = this.socket;
    this.socket = undefined;
    if (old) {
      old.onopen = old.onmessage = old.onclose = null;
      old.close();
    }
  }

  private set(s: Status): void {
    if (s === this.status) return;
    this.status = s;
    this.changed();
  }
}
