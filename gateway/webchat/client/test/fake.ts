import { vi } from "vitest";
import type { Socket } from "../src/connection";
import { Keep } from "../src/keep";
import type { Incoming, Outgoing, Said } from "../src/protocol";
import { Session } from "../src/session";

/** A server of a few lines: it keeps what was sent to it, and says what a test tells it to. */
export class Server {
  sockets: FakeSocket[] = [];
  keep = new Keep(memory(), "t:");
  locale = "en";
  private ids = 0;

  session(): Session {
    return new Session({
      dial: () => {
        const s = new FakeSocket();
        this.sockets.push(s);
        return s;
      },
      keep: this.keep,
      locale: () => this.locale,
      uuid: () => `id-${++this.ids}`,
      random: () => 1, // the longest of each wait
    });
  }

  get socket(): FakeSocket {
    return this.sockets[this.sockets.length - 1] as FakeSocket;
  }

  /** Opens the newest socket and says welcome. */
  welcome(history: Said[] = [], chat = "v.1"): void {
    this.socket.open();
    this.socket.tell({ type: "welcome", chat, history });
  }
}

export class FakeSocket implements Socket {
  onopen: ((e: Event) => void) | null = null;
  onmessage: ((e: MessageEvent) => void) | null = null;
  onclose: ((e: CloseEvent) => void) | null = null;
  sent: Outgoing[] = [];
  closed = false;

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Outgoing);
  }
  close(): void {
    this.closed = true;
  }
  open(): void {
    this.onopen?.(new Event("open"));
  }
  tell(f: Incoming): void {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(f) }));
  }
  break(): void {
    this.onclose?.({} as CloseEvent);
  }
  /** The texts that were said, in the order they came. */
  get said(): string[] {
    return this.sent.flatMap((f) => (f.type === "say" ? [f.text] : []));
  }
}

export function memory(): Storage {
  const map = new Map<string, string>();
  return {
    get length() {
      return map.size;
    },
    key: (i) => [...map.keys()][i] ?? null,
    getItem: (k) => map.get(k) ?? null,
    setItem: (k, v) => void map.set(k, v),
    removeItem: (k) => void map.delete(k),
    clear: () => map.clear(),
  };
}

export function said(type: "said" | "post", id: string, seq: number, text: string, more: Partial<Said> = {}): Said {
  return { type, id, seq, text, final: true, at: "2026-01-01T00:00:00Z", ...more };
}

export const pass = (ms: number): void => void vi.advanceTimersByTime(ms);
