import type { Document } from "../src/api/types.ts";
import { type FakeAnswer, type FakeRequest, ok, problem } from "./answer.ts";
import { document } from "./shapes.ts";
import type { World } from "./world.ts";

const stages = ["queued", "extracting", "chunking", "indexing", "embedding", "ready"] as const;

export function listDocuments(w: World, r: FakeRequest, [collection]: string[]): FakeAnswer {
  const all = w.documents.filter((d) => d.collection === collection);
  for (const d of all) advance(d);
  const q = (r.query.get("q") ?? "").toLowerCase();
  const shown = all.filter(
    (d) =>
      (d.name + d.title).toLowerCase().includes(q) &&
      (!r.query.get("stage") || d.stage === r.query.get("stage")) &&
      (!r.query.get("label") || d.labels.includes(r.query.get("label") ?? "")),
  );
  const counts: Record<string, number> = {};
  for (const d of all) counts[d.stage] = (counts[d.stage] ?? 0) + 1;
  return ok({ documents: shown, next: "", counts });
}

/** Lets a running document come a step further at each look; those of the first minute stay, for the eye. */
function advance(d: Document): void {
  const at = stages.indexOf(d.stage as (typeof stages)[number]);
  if (at < 0 || d.stage === "ready" || !d.name.startsWith("new-")) return;
  d.progress = Math.min(1, d.progress + 0.17);
  d.stage = stages[Math.min(stages.length - 1, Math.ceil(d.progress * 5))] ?? "ready";
  if (d.stage === "ready") Object.assign(d, { progress: 1, chunks: 14, live_version: d.version });
}

export function upload(w: World, r: FakeRequest, [collection]: string[]): FakeAnswer {
  const name = r.file?.name ?? "new-file.md";
  if (name.endsWith(".exe")) return problem(422, "unsupported_type", "This kind of file cannot be read.");
  const d = document(collection ?? "", {
    name,
    size: r.file?.size ?? 0,
    type: "",
    stage: "queued",
    progress: 0,
    live_version: 0,
    chunks: 0,
    updated_at: new Date().toISOString(),
  });
  w.documents.unshift(d);
  return { status: 201, body: d };
}
