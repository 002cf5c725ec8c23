import i18n, { type TFunction } from "i18next";

/** An answer of the API that is not a success, or no answer at all (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly requestId: string,
    readonly fields: FieldProblem[] = [],
  ) {
    super(detail || code);
    this.name = "ApiError";
  }
}

export interface FieldProblem {
  location: string;
  message: string;
}

const byStatus: Record<number, string> = {
  0: "offline",
  400: "invalid",
  401: "sign_in_required",
  403: "denied",
  404: "not_found",
  409: "conflict",
  413: "too_large",
  422: "invalid",
  429: "too_many_attempts",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

/** Reads problem+json. What is missing or has the wrong type is replaced by what the status says. */
export function problemFrom(status: number, body: unknown, requestId = ""): ApiError {
  const b = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (key: string) => (typeof b[key] === "string" ? (b[key] as string) : "");
  const fields = Array.isArray(b.errors)
    ? b.errors.flatMap((e: unknown) => {
        const f = (typeof e === "object" && e !== null ? e : {}) as Record<string, unknown>;
        return typeof f.message === "string"
          ? [{ message: f.message, location: typeof f.location === "string" ? f.location : "" }]
          : [];
      })
    : [];
  const code = text("code") || byStatus[status] || "internal";
  return new ApiError(status, code, text("detail") || text("title"), text("request_id") || requestId, fields);
}

/** Makes an ApiError of whatever was thrown. A fetch that got no answer throws a TypeError. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof TypeError) return new ApiError(0, "offline", "", "");
  return new ApiError(0, "internal", "", "");
}

/** The sentence for people: in their language where we have one for the code, else the server's English one. */
export function sentenceFor(error: unknown, t: TFunction): string {
  const e = asApiError(error);
  return codeSentence(e.code, e.detail, t);
}

/** As sentenceFor, for a code and a sentence that stand in an answer (a document's failure). */
export function codeSentence(code: string, detail: string, t: TFunction): string {
  // The server's own sentence names the numbers and places of this very case.
  if (detail && i18n.language === "en") return detail;
  // A code with separators could reach into other branches of the texts.
  const own = /^[a-z0-9_]+$/.test(code) ? t(`errors.${code}` as never, { defaultValue: "" }) : "";
  return String(own) || detail || t("errors.internal");
}
