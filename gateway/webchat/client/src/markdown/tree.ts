// What Markdown is parsed into. There is no node for HTML and none for images.

export type Inline =
  | { t: "text"; s: string }
  | { t: "code"; s: string }
  | { t: "strong" | "em" | "del"; c: Inline[] }
  | { t: "link"; href: string; c: Inline[] }
  | { t: "cite"; n: number }
  | { t: "br" };

export type Block =
  | { t: "p"; c: Inline[] }
  | { t: "h"; level: number; c: Inline[] }
  | { t: "list"; start: number | null; items: Block[][] } // null: bullets
  | { t: "quote"; c: Block[] }
  | { t: "code"; lang: string; s: string }
  | { t: "table"; align: Align[]; head: Inline[][]; rows: Inline[][][] }
  | { t: "hr" };

export type Align = "left" | "center" | "right" | "";

/**
 * Takes away characters that change the order or hide parts of what is shown:
 * bidi overrides and isolates, and zero-width ones except those that join emoji
 * and letters of some scripts.
 */
export function plain(s: string): string {
  return s.replace(/[\u0000-\u0008\u000b-\u001f\u007f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "");
}

const mail = /^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$/;

/** The address of a link that may be followed, on the web or a mail address, or "" for every other. */
export function safeHref(raw: string): string {
  const s = plain(raw).trim();
  const to = s.replace(/^mailto:/i, "");
  if (mail.test(to)) return "mailto:" + to;
  if (!/^https?:\/\//i.test(s) || /[\s<>"\\]/.test(s)) return "";
  try {
    const u = new URL(s);
    return u.username || u.password ? "" : u.href;
  } catch {
    return "";
  }
}
