import type { I18n } from "../i18n/i18n";
import { markdown } from "../markdown/render";
import { plain } from "../markdown/tree";
import { maxText } from "../protocol";
import type { Entry, Session } from "../session";
import { h, icons } from "./dom";
import { Rating } from "./rating";
import { Sources } from "./sources";

/** What a message needs of the panel it stands in. */
export interface Place {
  i18n: I18n;
  session: Session;
  server: string; // where addresses of our own lead
  draft(text: string): void; // puts text back into the composer
}

/** One message on the screen. update shows what has changed. */
export interface MessageView {
  readonly root: HTMLElement;
  update(e: Entry): void;
}

export function messageView(e: Entry, place: Place): MessageView {
  return e.mine ? new Mine(place) : new Answer(place);
}

class Mine implements MessageView {
  readonly root = h("div", { class: "message mine", "data-testid": "message-user" });
  private readonly bubble = h("div", { class: "bubble" });
  private readonly note = h("div", { class: "note", role: "status" });
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly place: Place) {
    this.root.append(h("span", { class: "hidden" }, place.i18n.t("you")), this.bubble, this.note);
  }

  update(e: Entry): void {
    const { i18n, session } = this.place;
    clearTimeout(this.timer);
    this.bubble.textContent = plain(e.text);
    this.root.dataset["state"] = e.state;
    this.note.replaceChildren();
    if (e.state === "sending" && session.status === "open") {
      this.timer = setTimeout(() => this.note.replaceChildren(i18n.t("sending")), 1000);
    }
    if (e.state !== "failed") return;
    const wait = Math.ceil(((e.until ?? 0) - Date.now()) / 1000);
    const again = h("button", { type: "button", class: "plain", "data-testid": "again" }, i18n.t("again"));
    again.addEventListener("click", () => session.again(e.id));
    const change = h("button", { type: "button", class: "plain" }, i18n.t("edit"));
    change.addEventListener("click", () => this.place.draft(session.discard(e.id)));
    this.note.append(h("span", { "data-testid": "refused" }, reason(i18n, e.code ?? "", wait)), " ");
    if (e.code === "rate_limited" && wait <= 0) this.note.append(again, " ");
    this.note.append(change);
    if (wait > 0) this.timer = setTimeout(() => this.update(e), 1000);
  }
}

function reason(i18n: I18n, code: string, wait: number): string {
  switch (code) {
    case "rate_limited":
      return wait > 0 ? i18n.t("rate_limited", { n: wait }) : i18n.t("rate_limited_over");
    case "too_long":
      return i18n.t("too_long", { max: maxText });
    case "too_many_tabs":
    case "not_found":
      return i18n.t(code);
  }
  return i18n.t("invalid");
}

class Answer implements MessageView {
  readonly root = h("div", { class: "message answer", "data-testid": "message-bot" });
  private readonly body = h("div", { class: "bubble markdown" });
  private readonly foot = h("div", { class: "foot" });
  private shown = "";
  private rating: Rating | undefined;

  constructor(private readonly place: Place) {
    this.root.append(h("div", { class: "avatar", "aria-hidden": "true" }, icons.bot()), h("div", { class: "column" }, this.body, this.foot));
  }

  update(e: Entry): void {
    this.root.dataset["final"] = String(e.final);
    this.root.classList.toggle("notice", e.notice);
    this.root.setAttribute("aria-busy", String(!e.final)); // read out once it is complete
    const state = JSON.stringify([e.text, e.final, e.sources]);
    if (state !== this.shown) {
      this.shown = state;
      this.draw(e);
    }
    this.rating?.show(e.rating);
  }

  private draw(e: Entry): void {
    const { i18n, session, server } = this.place;
    const titles = new Map(e.sources.map((s) => [s.number, s.title]));
    const sources = e.sources.length > 0 ? new Sources(e.sources, i18n, server) : undefined;
    this.body.replaceChildren(
      markdown(e.text, {
        has: (n) => titles.has(n),
        label: (n) => i18n.t("source", { n, title: plain(titles.get(n) ?? "") }),
        open: (n) => sources?.open(n),
      }),
    );
    this.foot.replaceChildren();
    if (sources) this.foot.append(sources.root);
    if (e.final && !e.notice) {
      this.rating = new Rating(i18n, (value, why) => session.rate(e.id, value, why));
      this.foot.append(this.rating.root);
    }
  }
}
