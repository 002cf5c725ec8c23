import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { body, client } from "../../api/client";
import { keys } from "../../api/keys";
import type { Turn } from "../../api/types";

export type Show = "all" | "unknown" | "down" | "up";

export interface Filter {
  q: string;
  channel: string;
  show: Show;
}

export const noFilter: Filter = { q: "", channel: "", show: "all" };

export function useConversations(filter: Filter) {
  return useInfiniteQuery({
    queryKey: keys.conversations(filter),
    queryFn: ({ pageParam }) =>
      body(
        client.GET("/conversations", {
          params: {
            query: {
              limit: 50,
              q: filter.q || undefined,
              channel: filter.channel || undefined,
              known: filter.show === "unknown" ? "false" : undefined,
              rating: filter.show === "up" || filter.show === "down" ? filter.show : undefined,
              before: pageParam || undefined,
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });
}

export function isOpen(turn: Pick<Turn, "state">): boolean {
  return turn.state !== "done" && turn.state !== "dead";
}

/** A command such as /help is neither known nor unknown: nothing was searched. */
export function isCommand(turn: Pick<Turn, "messages">): boolean {
  return turn.messages.at(-1)?.text.trimStart().startsWith("/") ?? false;
}

export function useConversation(id: string) {
  return useQuery({
    queryKey: keys.conversation(id),
    queryFn: () => body(client.GET("/conversations/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data?.turns.some(isOpen) ? 2_000 : 15_000),
  });
}

export function useReceipt(replyKey: string | null) {
  return useQuery({
    queryKey: keys.receipt(replyKey ?? ""),
    queryFn: () =>
      body(client.GET("/answers/{reply_key}", { params: { path: { reply_key: replyKey ?? "" } } })),
    enabled: replyKey !== null,
    staleTime: 60_000,
  });
}

export function useChannelNames(): string[] {
  const query = useQuery({
    queryKey: ["channels"],
    queryFn: async () => (await body(client.GET("/channels"))).channels,
    staleTime: 60_000,
  });
  return query.data?.map((c) => c.name) ?? [];
}
