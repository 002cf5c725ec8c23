/** A link from a document or an answer, if it is one a browser may follow: http, https or a path of our own. */
export function safeLink(link: string | null | undefined): string | undefined {
  if (!link) return undefined;
  if (link.startsWith("/") && !link.startsWith("//") && !link.startsWith("/\\")) return link;
  try {
    const { protocol } = new URL(link);
    return protocol === "https:" || protocol === "http:" ? link : undefined;
  } catch {
    return undefined;
  }
}
