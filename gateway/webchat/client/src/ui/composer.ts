import type { I18n } from "../i18n/i18n";
import { maxText } from "../protocol";
import { h, icons } from "./dom";

/** Where the visitor writes. Enter sends, Shift+Enter makes a new line. */
export class Composer {
  readonly root: HTMLFormElement;
  readonly input: HTMLTextAreaElement;
  private readonly button: HTMLButtonElement;
  private readonly count = h("span", { class: "count", role: "status" });

  constructor(
    private readonly i18n: I18n,
    private readonly say: (text: string) => void,
  ) {
    this.input = h("textarea", {
      rows: "1", "data-testid": "chat-input", "aria-label": i18n.t("input"), placeholder: i18n.t("placeholder"), enterkeyhint: "send", autocomplete: "off",
    });
    this.button = h("button", { type: "submit", class: "send", "data-testid": "chat-send", "aria-label": i18n.t("send"), title: i18n.t("send"), disabled: "" }, icons.send());
    this.root = h("form", { class: "composer" }, h("div", { class: "field" }, this.input, this.button), this.count);
    this.root.addEventListener("submit", (e) => {
      e.preventDefault();
      this.submit();
    });
    this.input.addEventListener("input", () => this.changed());
    this.input.addEventListener("keydown", (e) => {
      // While an input method composes (Pinyin!), Enter chooses a word. Safari ends
      // the composition before the key event; its key code is 229 then.
      if (e.key !== "Enter" || e.shiftKey || e.isComposing || e.keyCode === 229) return;
      e.preventDefault();
      this.submit();
    });
  }

  get text(): string {
    return this.input.value;
  }

  set text(s: string) {
    this.input.value = s;
    this.changed();
    this.input.focus();
  }

  private submit(): void {
    const text = this.input.value.trim();
    if (!text || [...text].length > maxText) return;
    this.say(text);
    this.text = "";
  }

  private changed(): void {
    const length = [...this.input.value.trim()].length;
    const left = maxText - length;
    this.button.disabled = length === 0 || left < 0;
    this.count.textContent = left < 0 ? this.i18n.t("too_long", { max: maxText }) : left < 400 ? this.i18n.t("left", { n: left }) : "";
    this.count.classList.toggle("over", left < 0);
    this.input.style.height = "auto";
    this.input.style.height = Math.min(this.input.scrollHeight, 160) + "px";
  }
}
