import type { Socket } from "./connection";

/** What the server has put into the page or the script. */
export interface Config {
  socket: string;
  title?: Record<string, string> | null;
  greeting?: Record<string, string> | null;
  suggestions?: Record<string, string[]> | null;
}

/** Reads the settings. Without a server, as in development, there are none. */
export function readConfig(raw: string): Config {
  try {
    return JSON.parse(decodeURIComponent(raw)) as Config;
  } catch {
    return { socket: "/channels/web/socket" };
  }
}

export function dialer(server: string, path: string): () => Socket {
  const url = new URL(path, server);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return () => new WebSocket(url);
}

export function uuid(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Pages without https have no randomUUID.
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = ((b[6] as number) & 0x0f) | 0x40;
  b[8] = ((b[8] as number) & 0x3f) | 0x80;
  const hex = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
