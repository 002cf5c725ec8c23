import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { body, client } from "../../api/client";
import { keys } from "../../api/keys";
import type { Prompt } from "../../api/types";

/** The four prompts in the order in which they are shown. The server may know more. */
export const promptOrder = ["answer-en", "answer-zh", "rewrite-en", "rewrite-zh"] as const;
export type KnownPrompt = (typeof promptOrder)[number];

export function isKnownPrompt(name: string): name is KnownPrompt {
  return promptOrder.includes(name as KnownPrompt);
}

export function usePrompts() {
  return useQuery({
    queryKey: keys.prompts,
    queryFn: async () => (await body(client.GET("/prompts"))).prompts,
  });
}

export function useVersions(name: string) {
  return useQuery({
    queryKey: keys.versions(name),
    queryFn: async () =>
      (await body(client.GET("/prompts/{name}/versions", { params: { path: { name } } }))).versions,
  });
}

/** The live check of a draft. While the next one is on its way the last one stays. */
export function useCheck(name: string, text: string) {
  return useQuery({
    queryKey: keys.check(name, text),
    queryFn: () => body(client.POST("/prompts/{name}/check", { params: { path: { name } }, body: { text } })),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
}

export function usePromptActions(name: string) {
  const queries = useQueryClient();
  const refresh = useCallback(async () => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: keys.versions(name) }),
      queries.invalidateQueries({ queryKey: keys.prompts }),
    ]);
  }, [queries, name]);
  const save = async (text: string, note: string): Promise<Prompt> => {
    const params = { path: { name } };
    const saved = await body(client.POST("/prompts/{name}/versions", { params, body: { text, note } }));
    await refresh();
    return saved;
  };
  const activate = async (version: number): Promise<void> => {
    await body(client.POST("/prompts/{name}/activate", { params: { path: { name } }, body: { version } }));
    await refresh();
  };
  return { save, activate };
}
