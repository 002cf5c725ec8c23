import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { body, client } from "../../api/client";
import { keys } from "../../api/keys";
import type { Collection, Document, DocumentPage, Stage } from "../../api/types";

export const runningStages: readonly Stage[] = ["queued", "extracting", "chunking", "indexing", "embedding"];

export function isRunning(d: Pick<Document, "stage">): boolean {
  return runningStages.includes(d.stage);
}

/** While something is being read the lists are asked again each second. */
const livePoll = 1000;

export function useCollections() {
  return useQuery({
    queryKey: keys.collections,
    queryFn: async () => (await body(client.GET("/collections"))).collections,
  });
}

export interface DocumentFilter {
  q: string;
  stage: Stage | null;
  label: string;
}

export function useDocuments(collection: string, filter: DocumentFilter) {
  return useInfiniteQuery({
    queryKey: keys.documents(collection, filter),
    queryFn: ({ pageParam }) =>
      body(
        client.GET("/collections/{id}/documents", {
          params: {
            path: { id: collection },
            query: {
              limit: 100,
              q: filter.q || undefined,
              stage: filter.stage ?? undefined,
              label: filter.label || undefined,
              after: pageParam || undefined,
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: DocumentPage) => page.next || undefined,
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (query.state.data?.pages.some(anyRunning) ? livePoll : 15_000),
  });
}

function anyRunning(page: DocumentPage): boolean {
  return runningStages.some((s) => (page.counts[s] ?? 0) > 0) || page.documents.some(isRunning);
}

export function useDocument(id: string | null) {
  return useQuery({
    queryKey: keys.document(id ?? ""),
    queryFn: () => body(client.GET("/documents/{id}", { params: { path: { id: id ?? "" } } })),
    enabled: id !== null,
    refetchInterval: (query) => (query.state.data && isRunning(query.state.data) ? livePoll : false),
  });
}

/** After a change of documents: what is shown of them is asked for again. */
export function useRefresh() {
  const queries = useQueryClient();
  return useCallback(
    (d?: Pick<Document, "id" | "collection"> | Pick<Collection, "id">) => {
      const collection = d && "collection" in d ? d.collection : d?.id;
      void queries.invalidateQueries({ queryKey: collection ? keys.documents(collection) : ["documents"] });
      void queries.invalidateQueries({ queryKey: keys.collections });
      if (d && "collection" in d) void queries.invalidateQueries({ queryKey: keys.document(d.id) });
    },
    [queries],
  );
}
