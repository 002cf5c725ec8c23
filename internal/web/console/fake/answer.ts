export interface FakeRequest {
  method: string;
  path: string; // below /api/v1
  query: URLSearchParams;
  body: Record<string, unknown>;
  file?: { name: string; size: number };
}

export interface FakeAnswer {
  status: number;
  body?: unknown;
}

export const ok = (body: unknown): FakeAnswer => ({ status: 200, body });
export const problem = (status: number, code: string, detail: string): FakeAnswer => ({
  status,
  body: { type: "about:blank", title: "", status, code, detail, request_id: "fake-7f3a91" },
});

export function found(body: unknown): FakeAnswer {
  return body ? ok(body) : problem(404, "not_found", "There is no such thing here.");
}
