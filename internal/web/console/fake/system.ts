import type { EmbeddingModel, System } from "../src/api/types.ts";
import { type FakeAnswer, type FakeRequest, problem } from "./answer.ts";
import { ago } from "./shapes.ts";
import type { World } from "./world.ts";

/** An installation on servers where not all is as it should be. */
export function system(): System {
  return {
    database: { kind: "postgres", bytes: 0, version: "17.2", pgvector: "0.8.0", second_lock: true },
    redis: { state: "degraded" },
    warnings: [
      {
        code: "pgvector_build",
        level: "warn",
        detail: "version 0.8.0 can write past a buffer",
        advice: "Upgrade it.",
        values: { version: "0.8.0" },
      },
    ],
  };
}

/** One model answers, the next one is being filled, an old one is left over. */
export function embeddingModels(): EmbeddingModel[] {
  const one = {
    dimensions: 1024,
    chunks: 48_210,
    complete: true,
    indexed: true,
    served: true,
    serving: false,
    configured: true,
    wanted: false,
  };
  return [
    {
      ...one,
      model: "text-embedding-ada",
      vectors: 31_004,
      complete: false,
      configured: false,
      created_at: ago(90_000),
    },
    { ...one, model: "BAAI/bge-m3", vectors: 48_210, serving: true, created_at: ago(40_000) },
    {
      ...one,
      model: "qwen3-embedding",
      dimensions: 1536,
      vectors: 12_880,
      complete: false,
      served: false,
      wanted: true,
      created_at: ago(30),
    },
  ];
}

export function serve(w: World, r: FakeRequest): FakeAnswer {
  const model = w.embeddingModels.find((m) => m.model === r.body.model);
  if (!model?.complete) {
    return problem(409, "vectors_incomplete", "The vectors of this model are not complete yet.");
  }
  for (const m of w.embeddingModels) m.serving = m === model;
  model.served = true;
  return { status: 204 };
}

export function forget(w: World, r: FakeRequest): FakeAnswer {
  w.embeddingModels = w.embeddingModels.filter((m) => m.model !== r.body.model);
  return { status: 204 };
}
