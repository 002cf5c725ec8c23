import type { I18n } from "../i18n/i18n";
import { plain } from "../markdown/tree";
import type { Source } from "../protocol";
import { h, icon, icons } from "./dom";

/** The address of a source, if it is one that a browser may open: our own, or on the web. */
export function sourceHref(url: string | undefined, server: string): string {
  if (!url) return "";
  if (!/^https?:\/\//i.test(url) && !/^\/(?![/\\])/.test(url)) return "";
  try {
    const u = new URL(url, server);
    return u.protocol === "http:" || u.protocol === "https:" ? u.href : "";
  } catch {
    return "";
  }
}

/** The list under an answer. Each source opens to the words that were used. */
export class Sources {
  readonly root: HTMLElement;
  private readonly rows = new Map<number, HTMLDetailsElement>();

  constructor(sources: Source[], i18n: I18n, server: string) {
    this.root = h("section", { class: "sources", "aria-label": i18n.t("sources") }, h("h4", {}, i18n.t("sources")));
    for (const s of sources) {
      const row = this.row(s, i18n, server);
      this.rows.set(s.number, row);
      this.root.append(row);
    }
  }

  private row(s: Source, i18n: I18n, server: string): HTMLDetailsElement {
    const title = h("span", { class: "source-title" }, plain(s.title));
    if (s.location) title.append(h("span", { class: "source-location" }, plain(s.location)));
    const row = h(
      "details",
      { class: "source", "data-testid": "source", "data-number": String(s.number) },
      h("summary", {}, h("span", { class: "source-number" }, String(s.number)), title, chevron()),
    );
    const body = h("div", { class: "source-body" });
    if (s.excerpt) body.append(h("blockquote", {}, plain(s.excerpt)));
    const href = sourceHref(s.url, server);
    if (href) {
      body.append(h("a", { href, target: "_blank", rel: "noopener noreferrer", title: href, class: "source-link" }, icons.out(), i18n.t("open_source")));
    }
    row.append(body);
    return row;
  }

  /** Shows one source, as when its number in the text was pressed. */
  open(n: number): void {
    const row = this.rows.get(n);
    if (!row) return;
    row.open = true;
    row.scrollIntoView({ block: "nearest", behavior: "smooth" });
    row.querySelector("summary")?.focus({ preventScroll: true });
    row.classList.remove("flash");
    void row.offsetWidth; // lets the animation begin again
    row.classList.add("flash");
  }
}

function chevron(): SVGSVGElement {
  return icon("M9 6l6 6-6 6");
}
