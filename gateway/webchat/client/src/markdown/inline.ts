import { plain, safeHref, type Inline } from "./tree";

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };
const marks = { "**": "strong", __: "strong", "~~": "del", "*": "em", _: "em" } as const;
const deepest = 12;

/** Parses the text inside one block. isSource tells which [n] are citations. */
export function inline(src: string, isSource: (n: number) => boolean, depth = 0): Inline[] {
  const out: Inline[] = [];
  const none = new Map<string, number>(); // from here on there is no such closer: keeps long runs linear
  let text = "";
  let i = 0;
  const flush = (): void => {
    if (text) out.push({ t: "text", s: plain(text) });
    text = "";
  };
  const add = (node: Inline, to: number): void => {
    flush();
    out.push(node);
    i = to;
  };

  while (i < src.length) {
    const ch = src[i] as string;
    if (ch === "\\" && i + 1 < src.length && /[!-/:-@[-`{-~\n]/.test(src[i + 1] as string)) {
      if (src[i + 1] === "\n") add({ t: "br" }, i + 2);
      else {
        text += src[i + 1];
        i += 2;
      }
      continue;
    }
    if (ch === "\n") {
      text = text.replace(/ +$/, "");
      add({ t: "br" }, i + 1);
      continue;
    }
    if (ch === "&") {
      const m = /^&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/i.exec(src.slice(i, i + 12));
      const s = m && entity(m);
      if (m && s) {
        text += s;
        i += m[0].length;
        continue;
      }
    }
    if (ch === "`") {
      const run = /^`+/.exec(src.slice(i))?.[0] ?? "`";
      const end = closer(src, run, i + run.length, none, true);
      if (end > 0) {
        const s = src.slice(i + run.length, end).replace(/\n/g, " ");
        add({ t: "code", s: plain(/^ .*[^ ].* $/.test(s) ? s.slice(1, -1) : s) }, end + run.length);
      } else {
        text += run;
        i += run.length;
      }
      continue;
    }
    if (depth < deepest && (ch === "*" || ch === "_" || ch === "~")) {
      const found = emphasis(src, i, none);
      if (found) {
        add({ t: marks[found.mark], c: inline(src.slice(i + found.mark.length, found.end), isSource, depth + 1) }, found.end + found.mark.length);
        continue;
      }
    }
    if (ch === "[" || (ch === "!" && src[i + 1] === "[")) {
      const cite = /^\[(\d{1,3})\](?!\()/.exec(src.slice(i, i + 6));
      if (cite && isSource(Number(cite[1]))) {
        add({ t: "cite", n: Number(cite[1]) }, i + cite[0].length);
        continue;
      }
      const image = ch === "!";
      const m = depth < deepest && bracketed(src, image ? i + 1 : i, none);
      if (m) {
        const c = inline(m.label, isSource, depth + 1);
        flush();
        const href = image ? "" : safeHref(m.href);
        // An image is never loaded, and a link that may not be followed is just text.
        if (href) out.push({ t: "link", href, c });
        else out.push(...c);
        i = m.end;
        continue;
      }
    }
    if (ch === "<" || ch === "h" || ch === "H") {
      const m = /^<(https?:\/\/[^\s<>]{1,2000}|[^\s<>@:]{1,80}@[^\s<>@]{1,200})>/i.exec(src.slice(i, i + 2010)) ?? bare(src, i);
      const href = m && safeHref(m[1] as string);
      if (m && href) {
        add({ t: "link", href, c: [{ t: "text", s: plain(m[1] as string) }] }, i + m[0].length);
        continue;
      }
    }
    text += ch;
    i++;
  }
  flush();
  return out;
}

function entity(m: RegExpExecArray): string {
  if (m[3]) return entities[m[3].toLowerCase()] ?? "";
  const n = m[1] ? Number(m[1]) : parseInt(m[2] as string, 16);
  return n > 0 && n <= 0x10ffff ? String.fromCodePoint(n) : "\ufffd";
}

/** An address that stands in the text as it is, without the punctuation after it. */
function bare(src: string, i: number): RegExpExecArray | null {
  if (/[\w/]/.test(src[i - 1] ?? "")) return null;
  const m = /^(https?:\/\/[^\s<>()[\]"'`\\*\u3000-\u303f\uff00-\uffef]{1,2000})/i.exec(src.slice(i, i + 2010));
  if (!m) return null;
  const cut = m[0].replace(/[.,;:!?~_]+$/, "");
  m[0] = m[1] = cut;
  return m;
}

/** Where the next run of exactly this marker is, from here on; -1 if there is none. */
function closer(src: string, mark: string, from: number, none: Map<string, number>, exact: boolean): number {
  if (from >= (none.get(mark) ?? Infinity)) return -1;
  let at = from;
  for (;;) {
    at = src.indexOf(mark, at);
    if (at < 0) {
      none.set(mark, from);
      return -1;
    }
    let end = at + mark.length;
    while (exact && src[end] === mark[0]) end++;
    if (!exact || end === at + mark.length) return at;
    at = end;
  }
}

/**
 * Emphasis by a simpler rule than CommonMark's, which does not close ** before a
 * Chinese full stop: a marker opens before a character that is no space, and closes
 * after one. Underscores count only at the edge of a word.
 */
function emphasis(src: string, i: number, none: Map<string, number>): { mark: keyof typeof marks; end: number } | null {
  const ch = src[i] as string;
  const mark = (src[i + 1] === ch ? ch + ch : ch) as keyof typeof marks;
  if (!(mark in marks)) return null;
  const word = /[\p{L}\p{N}]/u;
  const after = src[i + mark.length];
  if (!after || /\s/.test(after) || after === ch) return null;
  if (ch === "_" && word.test(src[i - 1] ?? "")) return null;
  const first = i + mark.length + 1;
  if (first >= (none.get("good " + mark) ?? Infinity)) return null;
  let from = first;
  for (;;) {
    const end = closer(src, mark, from, none, true);
    if (end < 0) {
      none.set("good " + mark, first);
      return null;
    }
    const good = !/\s/.test(src[end - 1] as string) && src[end - 1] !== "\\" && !(ch === "_" && word.test(src[end + mark.length] ?? ""));
    if (good) return { mark, end };
    from = end + mark.length;
  }
}

/** [label](address "title"), with brackets in the label balanced. */
function bracketed(src: string, i: number, none: Map<string, number>): { label: string; href: string; end: number } | null {
  if (closer(src, "](", i, none, false) < 0) return null;
  let depth = 0;
  for (let j = i; j < src.length && j < i + 1000; j++) {
    const ch = src[j];
    if (ch === "\\") j++;
    else if (ch === "[") depth++;
    else if (ch === "]" && --depth === 0) {
      const m = /^\(\s*(?:<([^<>\n]{0,2000})>|([^\s()<>]{0,2000}(?:\([^\s()]{0,200}\)[^\s()<>]{0,2000})?))(?:\s+(?:"[^"\n]{0,200}"|'[^'\n]{0,200}'))?\s*\)/.exec(src.slice(j + 1, j + 4500));
      if (!m) return null;
      const href = (m[1] ?? m[2] ?? "").replace(/\\([!-/:-@[-`{-~])/g, "$1").replace(/&amp;/g, "&");
      return { label: src.slice(i + 1, j), href, end: j + 1 + m[0].length };
    }
  }
  return null;
}
