import i18n from "i18next";

/** Formatters follow the chosen language. Each takes it as last argument, for tests. */
const now = () => i18n.language || "en";

export function formatNumber(n: number, lang = now()): string {
  return new Intl.NumberFormat(lang).format(n);
}

/** 1,234 as it is, 12,345 as 12.3K: for tiles and axes. */
export function formatCompact(n: number, lang = now()): string {
  if (Math.abs(n) < 10_000) return formatNumber(Math.round(n), lang);
  return new Intl.NumberFormat(lang, { notation: "compact", maximumFractionDigits: 1 }).format(n);
}

export function formatPercent(part: number, whole: number, lang = now()): string {
  if (!(whole > 0)) return "–";
  // What is not quite all is not rounded to it.
  const digits = part < whole && part / whole >= 0.995 ? 1 : 0;
  return new Intl.NumberFormat(lang, { style: "percent", maximumFractionDigits: digits }).format(
    part / whole,
  );
}

export function formatBytes(bytes: number, lang = now()): string {
  const units = ["B", "kB", "MB", "GB"];
  let n = bytes;
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) {
    n /= 1000;
    unit++;
  }
  const digits = unit === 0 || n >= 100 ? 0 : 1;
  return `${new Intl.NumberFormat(lang, { maximumFractionDigits: digits }).format(n)} ${units[unit]}`;
}

/** A duration in milliseconds: 0.4 ms, 38 ms, 1.24 s, 2 min 5 s. */
export function formatMs(ms: number | null | undefined, lang = now()): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return "–";
  const f = (n: number, digits: number) =>
    new Intl.NumberFormat(lang, { maximumFractionDigits: digits }).format(n);
  if (ms < 10) return `${f(ms, 1)} ms`;
  if (ms < 1000) return `${f(ms, 0)} ms`;
  if (ms < 10_000) return `${f(ms / 1000, 2)} s`;
  if (ms < 60_000) return `${f(ms / 1000, 1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return `${f(minutes, 0)} min ${f((ms % 60_000) / 1000, 0)} s`;
}

/** Go's zero time and missing values mean "never". */
export function isTime(value: string | null | undefined): value is string {
  return !!value && !value.startsWith("0001-") && !Number.isNaN(Date.parse(value));
}

export function formatDateTime(value: string, lang = now()): string {
  return new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" }).format(new Date(value));
}

export function formatTime(value: string, lang = now()): string {
  return new Intl.DateTimeFormat(lang, { timeStyle: "short" }).format(new Date(value));
}

export function formatDay(value: string, lang = now()): string {
  return new Intl.DateTimeFormat(lang, { month: "short", day: "numeric", timeZone: "UTC" }).format(
    new Date(`${value}T00:00:00Z`),
  );
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** "2 minutes ago"; beyond a week the date. */
export function formatAgo(value: string, lang = now(), from = Date.now()): string {
  const seconds = (Date.parse(value) - from) / 1000;
  if (Math.abs(seconds) > 7 * 86_400) {
    return new Intl.DateTimeFormat(lang, { dateStyle: "medium" }).format(new Date(value));
  }
  const format = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(0, "second");
}

export function formatScore(n: number, digits = 2, lang = now()): string {
  return new Intl.NumberFormat(lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
    n,
  );
}
