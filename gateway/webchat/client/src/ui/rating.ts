import type { I18n } from "../i18n/i18n";
import { h, icons } from "./dom";

/** Thumbs under an answer, and a line for the reason after a thumb down. */
export class Rating {
  readonly root: HTMLElement;
  private readonly up: HTMLButtonElement;
  private readonly down: HTMLButtonElement;
  private form: HTMLFormElement | undefined;
  private value = 0;

  constructor(
    private readonly i18n: I18n,
    private readonly rate: (value: number, reason?: string) => void,
  ) {
    this.up = this.thumb("thumb-up", i18n.t("helpful"), icons.up(), 1);
    this.down = this.thumb("thumb-down", i18n.t("unhelpful"), icons.down(), -1);
    this.root = h("div", { class: "rating" }, this.up, this.down);
  }

  show(value: number): void {
    this.value = value;
    this.up.setAttribute("aria-pressed", String(value === 1));
    this.down.setAttribute("aria-pressed", String(value === -1));
    if (value !== -1) this.dropForm();
  }

  private thumb(id: string, label: string, icon: SVGSVGElement, value: number): HTMLButtonElement {
    const b = h("button", { type: "button", class: "thumb", "data-testid": id, "aria-label": label, title: label, "aria-pressed": "false" }, icon);
    b.addEventListener("click", () => {
      const next = this.value === value ? 0 : value; // pressed again: taken back
      this.rate(next);
      this.show(next);
      if (next === -1) this.askReason();
    });
    return b;
  }

  private askReason(): void {
    const input = h("input", { type: "text", maxlength: "500", "aria-label": this.i18n.t("reason"), placeholder: this.i18n.t("reason"), "data-testid": "reason" });
    const form = h("form", { class: "reason" }, input, h("button", { type: "submit", class: "small" }, this.i18n.t("reason_send")));
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      const reason = input.value.trim();
      if (reason) this.rate(-1, reason);
      const thanks = h("span", { class: "thanks", role: "status" }, this.i18n.t("thanks"));
      form.replaceWith(thanks);
      this.form = undefined;
    });
    this.form = form;
    this.root.append(form);
    input.focus();
  }

  private dropForm(): void {
    this.form?.remove();
    this.form = undefined;
  }
}
