export interface StageTime {
  name: string;
  took_ms: number;
}

export interface Span {
  name: string;
  start: number; // ms from the beginning
  took: number; // ms
}

/**
 * Lays the stages of an answer one after the other. The wait for the first token is
 * the beginning of the answer, not a step before it: both are measured from the same moment.
 */
export function waterfall(stages: readonly StageTime[]): { spans: Span[]; total: number } {
  const spans: Span[] = [];
  let at = 0;
  let first: Span | null = null;
  for (const { name, took_ms } of stages) {
    const took = Math.max(0, took_ms);
    const start: number = name === "answer" && first ? first.start : at;
    const span = { name, start, took };
    spans.push(span);
    at = Math.max(at, start + took);
    first = name === "first_token" ? span : first;
  }
  return { spans, total: at };
}
