/** Makes an element. Attributes are set by name, children are nodes or text; nothing is parsed. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string>,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

const ns = "http://www.w3.org/2000/svg";

/** A line icon of 24 × 24, made of paths. */
export function icon(...paths: string[]): SVGSVGElement {
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  for (const d of paths) {
    const p = document.createElementNS(ns, "path");
    p.setAttribute("d", d);
    svg.append(p);
  }
  return svg;
}

export const icons = {
  send: () => icon("M12 19V5", "M5 12l7-7 7 7"),
  fresh: () => icon("M12 20h9", "M16.5 3.5a2.1 2.1 0 0 1 3 3L7 19l-4 1 1-4z"),
  close: () => icon("M6 6l12 12", "M18 6L6 18"),
  chat: () => icon("M21 11.5a8.4 8.4 0 0 1-9 8.4 9 9 0 0 1-3.9-.9L3 21l1.9-5.1A8.4 8.4 0 1 1 21 11.5z"),
  up: () => icon("M7 10v11", "M7 10l4.3-7.2a1.6 1.6 0 0 1 3 .9L13.6 9H19a2 2 0 0 1 2 2.3l-1.2 7.9a2 2 0 0 1-2 1.8H4a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1z"),
  down: () => icon("M17 14V3", "M17 14l-4.3 7.2a1.6 1.6 0 0 1-3-.9l.7-5.3H5a2 2 0 0 1-2-2.3l1.2-7.9a2 2 0 0 1 2-1.8H20a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1z"),
  chevron: () => icon("M6 9l6 6 6-6"),
  out: () => icon("M14 4h6v6", "M20 4l-9 9", "M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5"),
  globe: () => icon("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M3.5 9h17", "M3.5 15h17", "M12 3c-5 5.5-5 12.5 0 18", "M12 3c5 5.5 5 12.5 0 18"),
  bot: () => icon("M12 3l1.800 5.200L19 10l-5.200 1.800L12 17l-1.800-5.200L5 10l5.200-1.800z", "M19 16l.7 2.3L22 19l-2.3.7L19 22l-.7-2.3L16 19l2.3-.7z"),
};
