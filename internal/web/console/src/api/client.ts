import createClient, { type Middleware } from "openapi-fetch";
import { problemFrom } from "./problem";
import type { paths } from "./schema";

export const apiBase = "/api/v1";

// Every answer that is not a success becomes an ApiError, so that callers and
// queries have one way to fail.
const failing: Middleware = {
  async onResponse({ response }) {
    if (response.ok) return undefined;
    const body = await response.json().catch(() => null);
    throw problemFrom(response.status, body, response.headers.get("X-Request-Id") ?? "");
  },
};

export const client = createClient<paths>({
  // Whole, because a Request outside of a browser knows no page to be relative to.
  baseUrl: location.origin + apiBase,
  credentials: "same-origin",
  // Looked up at each call, so that tests can put their own in place.
  fetch: (request: Request) => globalThis.fetch(request),
});
client.use(failing);

/** The body of a success. openapi-fetch types it as possibly missing; after the middleware it is not. */
export async function body<T>(call: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  const { data } = await call;
  if (data === undefined || data === null) throw problemFrom(0, null);
  return data;
}

/** For answers without a body. */
export async function done(call: Promise<unknown>): Promise<void> {
  await call;
}
