import { inline } from "./inline";
import type { Align, Block, Inline } from "./tree";

const deepest = 6;
const fence = /^ {0,3}(```+|~~~+)\s*([\w+#.-]*)[^`]*$/;
const heading = /^ {0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$/;
const rule = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const item = /^( {0,3})(?:([-*+])|(\d{1,9})[.)])(\s+|$)(.*)$/;
const delimiter = /^ {0,3}\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** Parses Markdown as the gateway sends it: CommonMark with tables. */
export function parse(src: string, isSource: (n: number) => boolean = () => false): Block[] {
  return blocks(src.replace(/\r\n?/g, "\n").split("\n"), isSource, 0);
}

function blocks(lines: string[], isSource: (n: number) => boolean, depth: number): Block[] {
  const out: Block[] = [];
  const text = (s: string): Inline[] => inline(s, isSource);
  let i = 0;
  while (i < lines.length) {
    const line = (lines[i] as string).replace(/\t/g, "    ");
    let m: RegExpExecArray | null;
    if (!line.trim()) {
      i++;
    } else if ((m = fence.exec(line))) {
      const mark = m[1] as string;
      const body: string[] = [];
      for (i++; i < lines.length; i++) {
        const l = lines[i] as string;
        if (l.trim().startsWith(mark) && !l.trim().replace(/^[`~]+/, "")) break;
        body.push(l);
      }
      i++; // a fence that is still open ends with the text
      out.push({ t: "code", lang: m[2] ?? "", s: body.join("\n") });
    } else if ((m = heading.exec(line))) {
      out.push({ t: "h", level: (m[1] as string).length, c: text(m[2] ?? "") });
      i++;
    } else if (rule.test(line)) {
      out.push({ t: "hr" });
      i++;
    } else if (line.startsWith("    ")) {
      const body: string[] = [];
      for (; i < lines.length && (/^ {4}/.test(lines[i] as string) || !(lines[i] as string).trim()); i++) body.push((lines[i] as string).slice(4));
      out.push({ t: "code", lang: "", s: body.join("\n").trimEnd() });
    } else if (depth < deepest && /^ {0,3}>/.test(line)) {
      const body: string[] = [];
      for (; i < lines.length && /^ {0,3}>/.test(lines[i] as string); i++) body.push((lines[i] as string).replace(/^ {0,3}> ?/, ""));
      out.push({ t: "quote", c: blocks(body, isSource, depth + 1) });
    } else if (depth < deepest && item.test(line)) {
      const [list, next] = listFrom(lines, i, isSource, depth);
      out.push(list);
      i = next;
    } else if (line.includes("|") && delimiter.test(lines[i + 1] ?? "") && (lines[i + 1] ?? "").includes("-") && cells(line).length === cells(lines[i + 1] ?? "").length) {
      const align = cells(lines[i + 1] as string).map(alignment);
      const head = cells(line).map(text);
      const rows: Inline[][][] = [];
      for (i += 2; i < lines.length && (lines[i] as string).includes("|"); i++) {
        const row = cells(lines[i] as string).slice(0, head.length).map(text);
        while (row.length < head.length) row.push([]);
        rows.push(row);
      }
      out.push({ t: "table", align, head, rows });
    } else {
      const body: string[] = [];
      do body.push((lines[i++] as string).trimStart());
      while (i < lines.length && (lines[i] as string).trim() && !interrupts(lines[i] as string, depth));
      out.push({ t: "p", c: text(body.join("\n").trimEnd()) });
    }
  }
  return out;
}

function interrupts(line: string, depth: number): boolean {
  if (fence.test(line) || heading.test(line) || rule.test(line)) return true;
  return depth < deepest && (/^ {0,3}>/.test(line) || (item.test(line) && Boolean(item.exec(line)?.[5])));
}

function listFrom(lines: string[], from: number, isSource: (n: number) => boolean, depth: number): [Block, number] {
  const first = item.exec(lines[from] as string) as RegExpExecArray;
  const ordered = first[3] !== undefined;
  const items: string[][] = [];
  let width = 0;
  let i = from;
  for (; i < lines.length; i++) {
    const line = (lines[i] as string).replace(/\t/g, "    ");
    const m = item.exec(line);
    const inside = items.length > 0 && line.search(/\S/) >= width;
    if (m && !inside && !rule.test(line) && (m[3] !== undefined) === ordered && (ordered || m[2] === first[2])) {
      width = line.length - (m[5] as string).length;
      if (!m[5]) width = line.trimEnd().length + 1;
      items.push([m[5] as string]);
      continue;
    }
    const current = items[items.length - 1] as string[];
    if (!line.trim()) {
      // An empty line stays in the list only if the list goes on after it.
      const next = lines.slice(i + 1).find((l) => l.trim());
      if (next === undefined || (next.search(/\S/) < width && !sameList(next, ordered, first[2]))) break;
      current.push("");
    } else if (inside) {
      current.push(line.slice(width));
    } else if (current[current.length - 1]?.trim() && !interrupts(line, depth) && !m) {
      current.push(line.trimStart()); // a lazy continuation
    } else break;
  }
  const parsed = items.map((l) => blocks(l, isSource, depth + 1));
  return [{ t: "list", start: ordered ? Number(first[3]) : null, items: parsed }, i];
}

function sameList(line: string, ordered: boolean, bullet: string | undefined): boolean {
  const m = item.exec(line);
  return m !== null && !rule.test(line) && (m[3] !== undefined) === ordered && (ordered || m[2] === bullet);
}

function cells(line: string): string[] {
  const inner = line.trim().replace(/^\|/, "").replace(/(^|[^\\])\|$/, "$1");
  const out: string[] = [];
  let cell = "";
  for (let i = 0; i < inner.length; i++) {
    if (inner[i] === "\\" && inner[i + 1] === "|") {
      cell += "|";
      i++;
    } else if (inner[i] === "|") {
      out.push(cell.trim());
      cell = "";
    } else cell += inner[i];
  }
  return [...out, cell.trim()];
}

function alignment(cell: string): Align {
  const left = cell.startsWith(":");
  const right = cell.endsWith(":");
  return left && right ? "center" : right ? "right" : left ? "left" : "";
}
