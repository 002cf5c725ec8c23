import type { TFunction } from "i18next";

/** "Today", "Yesterday", or the date. */
export function dayWord(at: string, t: TFunction, lang: string, now = new Date()): string {
  const day = new Date(at);
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (day.toDateString() === now.toDateString()) return t("conversations.today");
  if (day.toDateString() === yesterday.toDateString()) return t("conversations.yesterday");
  return new Intl.DateTimeFormat(lang, { dateStyle: "full" }).format(day);
}
