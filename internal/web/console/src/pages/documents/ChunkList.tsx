import { Button, Stack, Text, Title } from "@mantine/core";
import { IconBlockquote } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { body, client } from "../../api/client";
import { keys } from "../../api/keys";
import type { Document } from "../../api/types";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorState } from "../../parts/ErrorState";
import { RowsSkeleton } from "../../parts/PageSkeleton";
import classes from "./ChunkList.module.css";

/** What the search sees of a document: its chunks with their headings and places. */
export function ChunkList({ document: d }: { document: Document }) {
  const { t } = useTranslation();
  const query = useInfiniteQuery({
    queryKey: keys.chunks(d.id, d.live_version),
    queryFn: ({ pageParam }) =>
      body(
        client.GET("/documents/{id}/chunks", {
          params: { path: { id: d.id }, query: { limit: 50, after: pageParam || undefined } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    enabled: d.live_version > 0,
    staleTime: 60_000,
  });
  const chunks = query.data?.pages.flatMap((p) => p.chunks) ?? [];
  return (
    <Stack gap="xs" component="section">
      <Title order={2} fz={16}>
        {t("documents.preview")}
      </Title>
      <Text size="sm" c="dimmed" mb={4}>
        {t("documents.previewText")}
      </Text>
      {query.isError && !query.data ? (
        <ErrorState error={query.error} onRetry={() => query.refetch()} />
      ) : query.isLoading ? (
        <RowsSkeleton rows={4} height={90} />
      ) : chunks.length === 0 ? (
        <EmptyState compact icon={IconBlockquote} title={t("documents.noChunks")} />
      ) : (
        chunks.map((c) => (
          <article key={c.id + c.seq} className={classes.chunk} data-testid="chunk" data-seq={c.seq}>
            <div className={classes.head}>
              <span className={classes.path}>
                {c.heading || t("documents.chunkNumber", { n: c.seq + 1 })}
              </span>
              <span className={`${classes.place} num`}>
                {c.location && <>{c.location} · </>}#{c.seq + 1}
              </span>
            </div>
            <Text size="sm" className="pre" lh={1.6}>
              {c.text}
            </Text>
          </article>
        ))
      )}
      {query.hasNextPage && (
        <Button variant="default" loading={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
          {t("common.more")}
        </Button>
      )}
    </Stack>
  );
}
