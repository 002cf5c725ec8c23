// The chat page at /chat.
import "./style/chat.css";
import "./style/page.css";
import { Chat } from "./chat";
import { readConfig } from "./config";
import { localized } from "./i18n/i18n";
import { Keep, storage } from "./keep";

const meta = document.querySelector<HTMLMetaElement>('meta[name="parley-config"]');
const config = readConfig(meta?.content ?? "");

const chat = new Chat({
  config,
  server: location.origin,
  keep: new Keep(storage(), "parley:"),
  host: document.body,
  spoken: (lang) => {
    document.documentElement.lang = lang;
    document.title = localized(config.title, lang) || (lang === "en" ? "Assistant" : "智能助手");
  },
});
chat.session.start();
if (matchMedia("(pointer: fine)").matches) chat.panel.composer.input.focus();
