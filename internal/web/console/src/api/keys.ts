/** The names under which answers are kept in the query cache. */
export const keys = {
  session: ["session"] as const,
  setup: ["setup"] as const,
  users: ["users"] as const,
  apiKeys: ["keys"] as const,
  collections: ["collections"] as const,
  documents: (collection: string, filter?: object) =>
    filter ? (["documents", collection, filter] as const) : (["documents", collection] as const),
  document: (id: string) => ["document", id] as const,
  chunks: (id: string, version: number) => ["chunks", id, version] as const,
  prompts: ["prompts"] as const,
  versions: (name: string) => ["versions", name] as const,
  check: (name: string, text: string) => ["check", name, text] as const,
  conversations: (filter: object) => ["conversations", filter] as const,
  conversation: (id: string) => ["conversation", id] as const,
  receipt: (replyKey: string) => ["receipt", replyKey] as const,
  system: ["system"] as const,
  embeddingModels: ["embedding-models"] as const,
  overview: (days: number) => ["overview", days] as const,
};
