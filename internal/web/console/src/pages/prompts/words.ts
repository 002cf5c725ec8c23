import i18n, { type TFunction } from "i18next";
import { isKnownPrompt } from "./data";

export function promptTitle(name: string, t: TFunction): string {
  return isKnownPrompt(name) ? t(`prompts.names.${name}`) : name;
}

/** "Version 3", or "Default" for the one that ships. */
export function versionTitle(version: number, t: TFunction): string {
  return version === 0 ? t("prompts.default") : t("prompts.version", { n: version });
}

/** What is wrong with a prompt, in the reader's language where we have words for it. */
export function problemSentence(code: string, message: string, t: TFunction): string {
  if (i18n.language === "en" || !/^[a-z_]+$/.test(code)) return message;
  return String(t(`prompts.problem.${code}` as never, { defaultValue: message }));
}
