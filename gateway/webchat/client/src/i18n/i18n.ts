import { en, type Texts } from "./en";
import { zh } from "./zh";

export type Lang = "en" | "zh-CN";

export const texts: Record<Lang, Texts> = { en, "zh-CN": zh };

/** The first language that is spoken here, of those that somebody prefers. */
export function choose(preferred: readonly string[]): Lang {
  for (const p of preferred) {
    if (/^zh\b/i.test(p)) return "zh-CN";
    if (/^en\b/i.test(p)) return "en";
  }
  return "en";
}

/** What a channel's settings say in this language: exactly, nearly, in English, or in any. */
export function localized<T>(by: Record<string, T> | undefined | null, lang: Lang): T | undefined {
  if (!by) return undefined;
  const base = lang.split("-")[0] as string;
  return by[lang] ?? by[base] ?? by["en"] ?? Object.values(by)[0];
}

export class I18n {
  constructor(public lang: Lang) {}

  t(key: keyof Texts, values: Record<string, string | number> = {}): string {
    return texts[this.lang][key].replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
  }
}
