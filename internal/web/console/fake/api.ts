import { permissions } from "../src/app/permissions.ts";
import { type FakeAnswer, type FakeRequest, found, ok, problem } from "./answer.ts";
import { listDocuments, upload } from "./documents.ts";
import { check, savePrompt } from "./prompts.ts";
import { ago, channels, days, id, passages, receipt, totals } from "./shapes.ts";
import { forget, serve } from "./system.ts";
import type { World } from "./world.ts";

const byRole = {
  viewer: ["overview.read", "conversations.read", "documents.read", "prompts.read", "search"],
  editor: [
    "overview.read",
    "conversations.read",
    "documents.read",
    "prompts.read",
    "search",
    "documents.write",
    "collections.write",
    "try",
  ],
  admin: [...permissions],
  owner: [...permissions],
};

type Handler = (w: World, r: FakeRequest, args: string[]) => FakeAnswer;

const routes: [string, RegExp, Handler][] = [
  ["GET", /^\/setup$/, (w) => ok({ needed: w.needsSetup })],
  ["POST", /^\/setup$/, (w) => signIn(w, 201)],
  [
    "POST",
    /^\/session$/,
    (w, r) =>
      r.body.password === "wrong"
        ? problem(401, "sign_in_refused", "The user name or the password is wrong.")
        : signIn(w, 200),
  ],
  [
    "DELETE",
    /^\/session$/,
    (w) => {
      w.user = null;
      return { status: 204 };
    },
  ],
  [
    "GET",
    /^\/session$/,
    (w) =>
      w.user
        ? ok({
            user: { ...w.user, role: w.role },
            permissions: byRole[w.role],
            version: "0.1.0-fake",
            model: { configured: !w.empty, names: w.empty ? [] : ["deepseek-chat", "qwen-plus"] },
            embedder: { configured: !w.empty, model: w.empty ? "" : "bge-m3" },
            max_upload: 200_000_000,
          })
        : problem(401, "sign_in_required", "Sign in first."),
  ],
  [
    "POST",
    /^\/session\/password$/,
    (_w, r) =>
      r.body.current === "wrong"
        ? problem(403, "wrong_password", "The current password is wrong.")
        : { status: 204 },
  ],
  ["GET", /^\/users$/, (w) => ok({ users: w.users })],
  [
    "POST",
    /^\/users$/,
    (w, r) => {
      const user = {
        id: id(),
        disabled: false,
        created_at: ago(0),
        last_sign_in_at: null,
        ...(r.body as { username: string; name: string; role: "viewer" }),
      };
      w.users.push(user);
      return { status: 201, body: { user } };
    },
  ],
  [
    "PATCH",
    /^\/users\/(.+)$/,
    (w, r, [one]) => {
      const user = w.users.find((u) => u.id === one);
      Object.assign(user ?? {}, r.body);
      return ok({ user });
    },
  ],
  [
    "DELETE",
    /^\/users\/(.+)$/,
    (w, _r, [one]) => {
      w.users = w.users.filter((u) => u.id !== one);
      return { status: 204 };
    },
  ],
  ["GET", /^\/keys$/, (w) => ok({ keys: w.keys })],
  [
    "POST",
    /^\/keys$/,
    (w, r) => {
      const key = {
        id: id(),
        prefix: "pk_T3st",
        created_by: "mei",
        created_at: ago(0),
        expires_at: null,
        last_used_at: null,
        ...(r.body as { name: string; permissions: [] }),
      };
      w.keys.push(key);
      return { status: 201, body: { key, secret: "pk_T3stT3stT3stT3stT3stT3stT3stT3stT3stT3st" } };
    },
  ],
  [
    "DELETE",
    /^\/keys\/(.+)$/,
    (w, _r, [one]) => {
      w.keys = w.keys.filter((k) => k.id !== one);
      return { status: 204 };
    },
  ],
  [
    "GET",
    /^\/collections$/,
    (w) =>
      ok({
        collections: w.collections.map((c) => ({
          ...c,
          documents: w.documents.filter((d) => d.collection === c.id).length,
        })),
      }),
  ],
  [
    "POST",
    /^\/collections$/,
    (w, r) => {
      const c = {
        id: id(),
        documents: 0,
        chunks: 0,
        created_at: ago(0),
        note: "",
        ...(r.body as { name: string }),
      };
      w.collections.push(c);
      return { status: 201, body: c };
    },
  ],
  [
    "PATCH",
    /^\/collections\/(.+)$/,
    (w, r, [one]) => ok(Object.assign(w.collections.find((c) => c.id === one) ?? {}, r.body)),
  ],
  [
    "DELETE",
    /^\/collections\/(.+)$/,
    (w, _r, [one]) => {
      w.collections = w.collections.filter((c) => c.id !== one);
      return { status: 204 };
    },
  ],
  ["GET", /^\/collections\/(.+)\/documents$/, listDocuments],
  ["POST", /^\/collections\/(.+)\/documents$/, upload],
  ["GET", /^\/documents\/([^/]+)$/, (w, _r, [one]) => found(w.documents.find((d) => d.id === one))],
  [
    "PATCH",
    /^\/documents\/([^/]+)$/,
    (w, r, [one]) => found(Object.assign(w.documents.find((d) => d.id === one) ?? {}, r.body)),
  ],
  [
    "DELETE",
    /^\/documents\/([^/]+)$/,
    (w, _r, [one]) => {
      w.documents = w.documents.filter((d) => d.id !== one);
      return { status: 204 };
    },
  ],
  [
    "POST",
    /^\/documents\/(.+)\/retry$/,
    (w, _r, [one]) =>
      found(
        Object.assign(w.documents.find((d) => d.id === one) ?? {}, {
          stage: "queued",
          progress: 0,
          code: "",
          reason: "",
        }),
      ),
  ],
  [
    "POST",
    /^\/documents\/(.+)\/cancel$/,
    (w, _r, [one]) =>
      found(Object.assign(w.documents.find((d) => d.id === one) ?? {}, { stage: "cancelled" })),
  ],
  [
    "GET",
    /^\/documents\/(.+)\/chunks$/,
    () =>
      ok({
        chunks: passages.concat(passages, passages).map((p, i) => ({
          id: `c${i}`,
          seq: i,
          text: p.text,
          heading: p.heading ?? "",
          location: p.location ?? "",
        })),
        next: "",
      }),
  ],
  [
    "POST",
    /^\/search$/,
    (w, r) => {
      const any = !String(r.body.question).includes("moon");
      return ok({
        passages: any ? passages : passages.slice(2),
        known: any,
        confidence: any ? 0.93 : 0.08,
        took_ms: 7.31,
        embedder: w.empty ? "" : "bge-m3",
      });
    },
  ],
  [
    "GET",
    /^\/prompts$/,
    (w) =>
      ok({
        prompts: Object.entries(w.prompts).map(([name, all]) => ({
          name,
          active: all.find((p) => p.active),
          latest: all[0]?.version ?? 0,
          variables: name.startsWith("rewrite")
            ? ["Question", "History"]
            : ["Assistant", "Language", "Question", "Passages", "Date"],
        })),
      }),
  ],
  [
    "GET",
    /^\/prompts\/(.+)\/versions$/,
    (w, _r, [name]) => found(w.prompts[name ?? ""] && { versions: w.prompts[name ?? ""] }),
  ],
  ["POST", /^\/prompts\/(.+)\/versions$/, savePrompt],
  [
    "POST",
    /^\/prompts\/(.+)\/check$/,
    (_w, r) => {
      const problems = check(String(r.body.text));
      return ok({ ok: problems.length === 0, problems });
    },
  ],
  [
    "POST",
    /^\/prompts\/(.+)\/activate$/,
    (w, r, [name]) => {
      for (const p of w.prompts[name ?? ""] ?? []) p.active = p.version === r.body.version;
      return found(w.prompts[name ?? ""]?.find((p) => p.active));
    },
  ],
  [
    "POST",
    /^\/try$/,
    (_w, r) =>
      ok(
        receipt({
          reply_key: "",
          channel: "",
          question: String(r.body.question),
          standalone: String(r.body.question),
          prompt: String(r.body.prompt),
          prompt_version: -1,
          system: String(r.body.text),
          turns: [{ role: "user", text: String(r.body.question) }],
        }),
      ),
  ],
  [
    "GET",
    /^\/conversations$/,
    (w, r) =>
      ok({
        conversations: w.conversations
          .map((c) => c.conversation)
          .filter(
            (c) =>
              c.title.toLowerCase().includes((r.query.get("q") ?? "").toLowerCase()) &&
              (!r.query.get("known") || c.unknown > 0) &&
              (r.query.get("rating") !== "down" || c.down > 0) &&
              (r.query.get("rating") !== "up" || c.up > 0) &&
              (!r.query.get("channel") || c.channel === r.query.get("channel")),
          ),
        next: "",
      }),
  ],
  [
    "GET",
    /^\/conversations\/(.+)$/,
    (w, _r, [one]) => found(w.conversations.find((c) => c.conversation.id === one)),
  ],
  ["GET", /^\/answers\/(.+)$/, (w, _r, [key]) => found(w.receipts[key ?? ""])],
  [
    "GET",
    /^\/overview$/,
    (w, r) => {
      const all = days(Number(r.query.get("days") ?? 14)).map((d) =>
        w.empty
          ? {
              ...d,
              questions: 0,
              answered: 0,
              unknown: 0,
              up: 0,
              down: 0,
              dead: 0,
              input_tokens: 0,
              output_tokens: 0,
            }
          : d,
      );
      return ok({ totals: totals(all), days: all, channels: w.empty ? channels().slice(0, 1) : channels() });
    },
  ],
  ["GET", /^\/system$/, (w) => ok(w.system)],
  ["GET", /^\/embedding-models$/, (w) => ok({ models: w.embeddingModels })],
  ["POST", /^\/embedding-models\/serve$/, serve],
  ["POST", /^\/embedding-models\/forget$/, forget],
  ["GET", /^\/channels$/, () => ok({ channels: channels() })],
];

/** Answers as the API would, from what w remembers. For development and tests only. */
export function answer(w: World, r: FakeRequest): FakeAnswer {
  for (const [method, pattern, handle] of routes) {
    const match = method === r.method ? pattern.exec(r.path) : null;
    if (!match) continue;
    if (!w.user && !/^\/(setup|session)$/.test(r.path))
      return problem(401, "sign_in_required", "Sign in first.");
    return handle(w, r, match.slice(1));
  }
  return problem(404, "not_found", "There is no such thing here.");
}

function signIn(w: World, status: number): FakeAnswer {
  w.user = w.users[0] ?? null;
  w.needsSetup = false;
  return { status, body: { user: w.user, permissions: byRole[w.role] } };
}
