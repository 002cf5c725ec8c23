// The widget: a bubble in the corner of somebody else's page, and the chat that it
// opens. All of it lives in a shadow root, so neither page disturbs the other.
//
//   <script src="https://parley.example/widget.js" async
//     data-title="Ask us" data-color="#0f766e" data-position="left" data-locale="en"></script>
import chatStyle from "./style/chat.css?inline";
import widgetStyle from "./style/widget.css?inline";
import { Chat } from "./chat";
import { readConfig } from "./config";
import { Keep, storage } from "./keep";
import { h, icons } from "./ui/dom";
import { accent } from "./ui/color";

// Through map, so that a minifier does not work out the placeholder's value.
const config = ["__PARLEY_CONFIG__"].map((raw) => readConfig(raw))[0] ?? readConfig("");

function mount(script: HTMLScriptElement): void {
  const server = new URL(script.src, location.href).origin;
  const { title, color, position, locale } = script.dataset;
  const keep = new Keep(storage(), "parley-widget:" + server + ":");

  const host = h("parley-widget" as "div", { "data-position": position === "left" ? "left" : "right" });
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [chatStyle, widgetStyle].map((css) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    return sheet;
  });
  for (const [name, value] of accent(color)) host.style.setProperty(name, value);

  const dot = h("span", { class: "dot", hidden: "" });
  const bubble = h("button", { type: "button", class: "launcher", "data-testid": "widget-open", "aria-expanded": "false", "aria-haspopup": "dialog" }, icons.chat(), icons.close(), dot);
  const frame = h("div", { class: "frame", role: "dialog", "data-testid": "widget-panel", hidden: "" });

  let started = false;
  let seen = 0; // highest answer that was on the screen
  const start = (): void => {
    if (started) return;
    started = true;
    chat.session.start();
  };
  const show = (open: boolean): void => {
    frame.hidden = !open;
    bubble.setAttribute("aria-expanded", String(open));
    host.toggleAttribute("data-open", open);
    label();
    if (!open) {
      bubble.focus();
      return;
    }
    start();
    keep.set("known", "1");
    chat.panel.toEnd(false);
    chat.panel.composer.input.focus();
    unread();
  };
  const unread = (): void => {
    const last = chat.session.entries.reduce((n, e) => (e.mine || !e.final ? n : Math.max(n, e.seq)), 0);
    if (!frame.hidden) {
      seen = Math.max(seen, last);
      keep.set("seen", String(seen));
    } else seen = Number(keep.get("seen")) || 0;
    dot.hidden = last <= seen;
    label();
  };
  const label = (): void => {
    const text = chat.i18n.t(frame.hidden ? "open" : "close") + (dot.hidden ? "" : " · " + chat.i18n.t("unread"));
    bubble.setAttribute("aria-label", text);
    frame.setAttribute("aria-label", title || chat.i18n.t("title"));
  };

  const chat = new Chat({
    config, server, keep, host: frame,
    ...(locale ? { locale } : {}),
    ...(title ? { title } : {}),
    close: () => show(false),
    spoken: () => host.isConnected && label(),
  });
  bubble.addEventListener("click", () => show(frame.hidden));
  frame.addEventListener("keydown", (e) => {
    if (e.key === "Escape" && !e.isComposing) show(false);
    e.stopPropagation(); // the page's own shortcuts are not meant
  });
  chat.session.subscribe(unread);
  label();
  root.append(frame, bubble);
  document.body.append(host);
  if (keep.get("known")) start(); // somebody who chatted before sees what came in
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement && !document.querySelector("parley-widget")) {
  if (document.body) mount(script);
  else addEventListener("DOMContentLoaded", () => mount(script), { once: true });
}
