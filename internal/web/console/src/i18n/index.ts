import i18n from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./en";

export const languages = ["en", "zh-CN"] as const;
export type Language = (typeof languages)[number];

const storageKey = "parley-language";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

/** The remembered language, else the browser's where we have it, else English. */
export function preferredLanguage(): Language {
  let wanted: string | null = null;
  try {
    wanted = localStorage.getItem(storageKey);
  } catch {
    // Storage can be switched off; then nothing is remembered.
  }
  return (wanted ?? navigator.language ?? "").toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

async function load(language: Language): Promise<void> {
  if (i18n.hasResourceBundle(language, "translation")) return;
  const texts = await import("./zh-CN");
  i18n.addResourceBundle(language, "translation", texts.default);
}

export async function startI18n(language = preferredLanguage()): Promise<void> {
  await i18n.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: en } },
    // React escapes what it renders.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  await load(language);
  await i18n.changeLanguage(language);
  document.documentElement.lang = language;
}

export async function chooseLanguage(language: Language): Promise<void> {
  await load(language);
  await i18n.changeLanguage(language);
  document.documentElement.lang = language;
  try {
    localStorage.setItem(storageKey, language);
  } catch {
    // As above.
  }
}

export function currentLanguage(): Language {
  return i18n.language === "zh-CN" ? "zh-CN" : "en";
}
