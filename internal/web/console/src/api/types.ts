// The names that the console uses for what the API's document describes. Nothing is
// written by hand here: `npm run api` makes schema.d.ts from openapi.json.
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
type JSONOf<R> = R extends { content: { "application/json": infer B } } ? B : never;
type Success<O> = O extends { responses: infer R } ? (200 extends keyof R ? JSONOf<R[200]> : never) : never;
type Get<P extends keyof paths> = Success<paths[P]["get"]>;

export type Session = Get<"/session">;
export type Role = Schemas["User"]["role"];
export type User = Schemas["User"];
export type ApiKey = Schemas["Key"];
export type Collection = Schemas["Collection"];
export type Document = Schemas["Document"];
export type Stage = Document["stage"];
export type DocumentPage = Get<"/collections/{id}/documents">;
export type Chunk = Schemas["Chunk"];
export type Passage = Schemas["Passage"];
export type SearchResult = Success<paths["/search"]["post"]>;
export type Prompt = Schemas["Prompt"];
export type PromptSummary = Get<"/prompts">["prompts"][number];
export type PromptCheck = Success<paths["/prompts/{name}/check"]["post"]>;
export type Receipt = Schemas["Receipt"];
export type Conversation = Schemas["Conversation"];
export type Turn = Schemas["ConversationTurn"];
export type Overview = Get<"/overview">;
export type Day = Overview["days"][number];
export type Figures = Overview["totals"];
export type System = Get<"/system">;
export type SystemWarning = Schemas["SystemWarning"];
export type EmbeddingModel = Schemas["EmbeddingModel"];
export type ChannelHealth = Schemas["ChannelHealth"];
