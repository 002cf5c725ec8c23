import { dialer, uuid, type Config } from "./config";
import { choose, I18n, type Lang } from "./i18n/i18n";
import type { Keep } from "./keep";
import { Session } from "./session";
import { Panel, type PanelOptions } from "./ui/panel";

export interface ChatOptions {
  config: Config;
  server: string;
  keep: Keep;
  host: Node & ParentNode; // where the panel goes
  locale?: string; // fixed by the page that holds the chat
  title?: string;
  close?: () => void;
  spoken?: (lang: Lang) => void; // the language was chosen, or switched
}

/** A session with its panel, which is drawn anew when the language is switched. */
export class Chat {
  readonly session: Session;
  readonly i18n: I18n;
  panel: Panel;

  constructor(private readonly o: ChatOptions) {
    const preferred = [o.keep.get("lang"), o.locale ?? "", ...navigator.languages];
    this.i18n = new I18n(choose(preferred));
    this.session = new Session({ dial: dialer(o.server, o.config.socket), keep: o.keep, locale: () => this.i18n.lang, uuid });
    this.panel = this.draw();
    addEventListener("online", () => this.session.reconnect());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.session.probe();
    });
  }

  private draw(): Panel {
    const { config, server, title, close } = this.o;
    const options: PanelOptions = { i18n: this.i18n, session: this.session, config, server, switchLang: () => this.switchLang() };
    if (title) options.title = title;
    if (close) options.close = close;
    const panel = new Panel(options);
    panel.root.lang = this.i18n.lang;
    this.o.host.append(panel.root);
    this.o.spoken?.(this.i18n.lang);
    return panel;
  }

  private switchLang(): void {
    const draft = this.panel.composer.text;
    this.i18n.lang = this.i18n.lang === "en" ? "zh-CN" : "en";
    this.o.keep.set("lang", this.i18n.lang);
    this.panel.leave();
    this.panel = this.draw();
    this.panel.composer.text = draft;
    this.panel.toEnd(false);
    this.panel.root.querySelector<HTMLElement>(".lang")?.focus();
  }
}
