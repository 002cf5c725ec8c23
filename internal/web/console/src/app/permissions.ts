/** What a role may do, as the server lists it in the session. The server enforces it; the console only hides what would be refused. */
export const permissions = [
  "overview.read",
  "conversations.read",
  "documents.read",
  "prompts.read",
  "search",
  "documents.write",
  "collections.write",
  "try",
  "prompts.write",
  "users.write",
  "keys.write",
  "channels.write",
] as const;
export type Permission = (typeof permissions)[number];

export interface Page {
  id: "overview" | "documents" | "prompts" | "conversations" | "settings";
  path: string;
  needs: Permission | null;
}

/** The pages of the navigation in their order. Settings is for all: one's own password is there. */
export const pages: readonly Page[] = [
  { id: "overview", path: "/overview", needs: "overview.read" },
  { id: "documents", path: "/documents", needs: "documents.read" },
  { id: "prompts", path: "/prompts", needs: "prompts.read" },
  { id: "conversations", path: "/conversations", needs: "conversations.read" },
  { id: "settings", path: "/settings", needs: null },
];

export function pagesFor(granted: readonly string[]): Page[] {
  return pages.filter((p) => p.needs === null || granted.includes(p.needs));
}
