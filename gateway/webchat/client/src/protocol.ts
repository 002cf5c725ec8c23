// The frames of docs/webchat.md; gateway/webchat/frames.go is the other side.

export interface Source {
  number: number;
  title: string;
  location?: string;
  url?: string;
  excerpt?: string;
}

/** What somebody said: "said" by the visitor, "post" by the bot. */
export interface Said {
  type: "said" | "post";
  id: string;
  seq: number;
  text: string;
  in_reply_to?: string;
  sources?: Source[];
  final: boolean;
  notice?: boolean;
  rating?: number;
  at: string;
}

export type Incoming =
  | { type: "welcome"; token?: string; chat: string; history: Said[] }
  | Said
  | { type: "edit"; id: string; text: string; sources?: Source[]; final: boolean; notice?: boolean }
  | { type: "ack"; id: string }
  | { type: "refused"; id?: string; code: string; retry_after?: number }
  | { type: "rated"; post: string; value: number }
  | { type: "typing" }
  | { type: "pong" };

export type Outgoing =
  | { type: "hello"; token?: string; locale: string }
  | { type: "say"; id: string; text: string; locale: string }
  | { type: "stop" }
  | { type: "rate"; post: string; value: number; reason?: string }
  | { type: "new" }
  | { type: "ping" };

/** The most characters in one message, as the server counts them. */
export const maxText = 4000;
