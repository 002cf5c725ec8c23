import { h } from "../ui/dom";
import { parse } from "./blocks";
import { plain, type Block, type Inline } from "./tree";

export interface Citations {
  has(n: number): boolean;
  label(n: number): string; // what the chip says to those who cannot see it
  open(n: number): void;
}

const noCitations: Citations = { has: () => false, label: () => "", open: () => {} };

/**
 * Turns Markdown into nodes, made one by one: no string of HTML is ever parsed, so
 * nothing in the text can become an element or an attribute that is not named here.
 */
export function markdown(src: string, cites: Citations = noCitations): DocumentFragment {
  const out = document.createDocumentFragment();
  out.append(...parse(src, (n) => cites.has(n)).map((b) => block(b, cites)));
  return out;
}

function block(b: Block, cites: Citations): Node {
  const text = (c: Inline[]): Node[] => c.map((x) => piece(x, cites));
  switch (b.t) {
    case "p":
      return h("p", {}, ...text(b.c));
    case "h": // inside a chat all headings are small ones
      return h(b.level <= 2 ? "h3" : "h4", {}, ...text(b.c));
    case "list": {
      const list = h(b.start === null ? "ul" : "ol", {}, ...b.items.map((i) => h("li", {}, ...tight(i, cites))));
      if (list instanceof HTMLOListElement && b.start !== null && b.start !== 1) list.start = b.start;
      return list;
    }
    case "quote":
      return h("blockquote", {}, ...b.c.map((x) => block(x, cites)));
    case "code":
      return h("pre", { tabindex: "0" }, h("code", {}, plain(b.s)));
    case "table": {
      const cell = (tag: "th" | "td", c: Inline[], i: number): HTMLElement => {
        const align = b.align[i];
        return h(tag, align ? { class: "to-" + align } : {}, ...text(c));
      };
      return h(
        "div",
        { class: "table", tabindex: "0" },
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, ...b.head.map((c, i) => cell("th", c, i)))),
          h("tbody", {}, ...b.rows.map((r) => h("tr", {}, ...r.map((c, i) => cell("td", c, i))))),
        ),
      );
    }
    case "hr":
      return h("hr", {});
  }
}

/** A list item of one paragraph needs no paragraph. */
function tight(item: Block[], cites: Citations): Node[] {
  return item.flatMap((b, i) => (b.t === "p" && i === 0 ? b.c.map((x) => piece(x, cites)) : [block(b, cites)]));
}

function piece(x: Inline, cites: Citations): Node {
  switch (x.t) {
    case "text":
      return document.createTextNode(x.s);
    case "code":
      return h("code", {}, x.s);
    case "br":
      return h("br", {});
    case "strong":
    case "em":
    case "del":
      return h(x.t, {}, ...x.c.map((y) => piece(y, cites)));
    case "link":
      // The title shows the true target, whatever the text says.
      return h("a", { href: x.href, target: "_blank", rel: "noopener noreferrer nofollow", title: x.href }, ...x.c.map((y) => piece(y, cites)));
    case "cite": {
      const chip = h("button", { type: "button", class: "cite", "aria-label": cites.label(x.n), title: cites.label(x.n) }, String(x.n));
      chip.addEventListener("click", () => cites.open(x.n));
      return chip;
    }
  }
}
