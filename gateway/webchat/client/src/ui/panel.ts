import type { Config } from "../config";
import { localized, type I18n } from "../i18n/i18n";
import type { Session } from "../session";
import { Composer } from "./composer";
import { h, icons } from "./dom";
import { messageView, type MessageView, type Place } from "./message";

export interface PanelOptions {
  i18n: I18n;
  session: Session;
  config: Config;
  server: string;
  title?: string; // instead of the channel's own
  switchLang: () => void;
  close?: () => void; // the widget's panel can be closed
}

/** The whole chat: header, what was said, and the composer. */
export class Panel {
  readonly root: HTMLElement;
  readonly composer: Composer;
  private readonly log: HTMLElement;
  private readonly scroller: HTMLElement;
  private readonly empty: HTMLElement;
  private readonly dots: HTMLElement;
  private readonly status = h("span", { class: "status", role: "status" });
  private readonly banner: HTMLElement;
  private readonly stop: HTMLButtonElement;
  private readonly latest: HTMLButtonElement;
  private readonly views = new Map<string, MessageView>();
  private readonly place: Place;
  private readonly unsubscribe: () => void;
  private bannerTimer: ReturnType<typeof setTimeout> | undefined;
  private stick = true; // the end is in sight and is kept there

  constructor(private readonly o: PanelOptions) {
    const { i18n, session } = o;
    this.place = { i18n, session, server: o.server, draft: (text) => (this.composer.text = text) };
    this.composer = new Composer(i18n, (text) => {
      this.stick = true;
      session.say(text);
    });
    this.log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": i18n.t("log") });
    this.dots = h("div", { class: "message answer dots", "data-testid": "typing", role: "status", "aria-label": i18n.t("typing"), hidden: "" },
      h("div", { class: "avatar", "aria-hidden": "true" }, icons.bot()), h("div", { class: "bubble" }, h("i", {}), h("i", {}), h("i", {})));
    this.empty = this.welcome();
    this.scroller = h("div", { class: "scroller", tabindex: "-1" }, this.empty, this.log, this.dots);
    this.latest = button("latest", i18n.t("latest"), icons.chevron(), () => this.toEnd(true));
    this.latest.hidden = true;
    this.stop = h("button", { type: "button", class: "stop", "data-testid": "chat-stop", hidden: "" }, h("i", {}), i18n.t("stop"));
    this.stop.addEventListener("click", () => session.stop());
    this.banner = this.lost();
    this.root = h("div", { class: "panel" }, this.header(), this.banner, this.scroller,
      h("div", { class: "bottom" }, this.latest, this.stop, this.composer.root));
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.unsubscribe = session.subscribe((id) => this.draw(id));
    this.draw();
  }

  /** Takes the panel away; the session goes on. */
  leave(): void {
    this.unsubscribe();
    clearTimeout(this.bannerTimer);
    this.root.remove();
  }

  private get title(): string {
    return this.o.title || localized(this.o.config.title, this.o.i18n.lang) || this.o.i18n.t("title");
  }

  private header(): HTMLElement {
    const { i18n, close } = this.o;
    const lang = h("button", { type: "button", class: "tool lang", "data-testid": "lang-switch", "aria-label": i18n.t("language"), title: i18n.t("language") },
      i18n.lang === "en" ? "中文" : "EN");
    lang.addEventListener("click", () => this.o.switchLang());
    const head = h("header", {}, h("div", { class: "avatar", "aria-hidden": "true" }, icons.bot()),
      h("div", { class: "who" }, h("h1", {}, this.title), this.status),
      lang, button("tool", i18n.t("fresh"), icons.fresh(), () => this.askFresh(), "chat-new"));
    if (close) head.append(button("tool", i18n.t("close"), icons.close(), close, "widget-close"));
    return head;
  }

  private welcome(): HTMLElement {
    const { i18n, config, session } = this.o;
    const list = h("div", { class: "suggestions", role: "group", "aria-label": i18n.t("suggestions") });
    for (const question of localized(config.suggestions, i18n.lang) ?? []) {
      const b = h("button", { type: "button", "data-testid": "suggestion" }, question);
      b.addEventListener("click", () => session.say(question));
      list.append(b);
    }
    return h("div", { class: "empty" }, h("div", { class: "avatar large", "aria-hidden": "true" }, icons.bot()),
      h("h2", {}, localized(config.greeting, i18n.lang) || i18n.t("greeting")), h("p", {}, i18n.t("greeting_more")), list);
  }

  private lost(): HTMLElement {
    const { i18n, session } = this.o;
    const now = h("button", { type: "button", class: "small" }, i18n.t("try_now"));
    now.addEventListener("click", () => session.reconnect());
    return h("div", { class: "banner", role: "alert", "data-testid": "reconnecting", hidden: "" }, h("span", {}, i18n.t("reconnecting")), now);
  }

  /** Asks before the conversation is put away. */
  private askFresh(): void {
    const { i18n, session } = this.o;
    if (session.entries.length === 0 || this.root.querySelector(".ask")) {
      this.composer.input.focus();
      return;
    }
    const yes = h("button", { type: "button", class: "small strong", "data-testid": "chat-new-yes" }, i18n.t("yes"));
    const no = h("button", { type: "button", class: "small" }, i18n.t("cancel"));
    const ask = h("div", { class: "ask", role: "alertdialog", "aria-label": i18n.t("fresh") }, h("p", {}, i18n.t("fresh_sure")), h("div", {}, no, yes));
    const done = (): void => {
      ask.remove();
      this.composer.input.focus();
    };
    no.addEventListener("click", done);
    yes.addEventListener("click", () => {
      session.fresh();
      done();
    });
    ask.addEventListener("keydown", (e) => {
      if (e.key !== "Escape") return;
      e.stopPropagation();
      done();
    });
    this.banner.after(ask);
    yes.focus();
  }

  private draw(id?: string): void {
    const { i18n, session } = this.o;
    const changed = id === undefined ? undefined : session.entries.find((e) => e.id === id);
    const view = changed && this.views.get(key(changed));
    if (changed && view) view.update(changed);
    else this.drawAll();
    this.empty.hidden = session.entries.length > 0 || !session.ready;
    this.dots.hidden = !session.typing;
    this.stop.hidden = !session.busy || session.status !== "open";
    const open = session.status === "open";
    this.status.textContent = open ? i18n.t("online") : session.ready ? i18n.t("offline") : i18n.t("connecting");
    this.status.dataset["open"] = String(open);
    if (open) {
      clearTimeout(this.bannerTimer);
      this.bannerTimer = undefined;
      this.banner.hidden = true;
    } else this.bannerTimer ??= setTimeout(() => (this.banner.hidden = false), 1500); // short breaks go unseen
    if (this.stick) this.toEnd(false);
  }

  private drawAll(): void {
    const { session } = this.o;
    const keep = new Set(session.entries.map(key));
    for (const [k, v] of this.views) {
      if (keep.has(k)) continue;
      v.root.remove();
      this.views.delete(k);
    }
    let before: Element | null = this.log.firstElementChild;
    for (const e of session.entries) {
      let v = this.views.get(key(e));
      if (!v) this.views.set(key(e), (v = messageView(e, this.place)));
      v.update(e);
      if (v.root === before) before = before.nextElementSibling;
      else this.log.insertBefore(v.root, before);
    }
  }

  private scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.stick = scrollHeight - scrollTop - clientHeight < 60;
    this.latest.hidden = this.stick;
  }

  toEnd(smooth: boolean): void {
    this.stick = true;
    this.latest.hidden = true;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  }
}

function key(e: { id: string; mine: boolean }): string {
  return (e.mine ? "m:" : "b:") + e.id;
}

function button(kind: string, label: string, icon: SVGSVGElement, press: () => void, id?: string): HTMLButtonElement {
  const b = h("button", { type: "button", class: kind, "aria-label": label, title: label, ...(id ? { "data-testid": id } : {}) }, icon);
  b.addEventListener("click", press);
  return b;
}
