import { Button, Stack, TagsInput, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconFiles, IconFilterOff } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Collection } from "../../api/types";
import { useCan } from "../../app/session";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorState } from "../../parts/ErrorState";
import { RowsSkeleton } from "../../parts/PageSkeleton";
import { DocumentFilters } from "./DocumentFilters";
import { DocumentRow } from "./DocumentRow";
import classes from "./DocumentsPanel.module.css";
import { type DocumentFilter, runningStages, useDocuments, useRefresh } from "./data";
import { DropZone } from "./uploads/DropZone";
import { UploadList } from "./uploads/UploadList";
import { useUploadQueue } from "./uploads/Uploads";

const noFilter: DocumentFilter = { q: "", stage: null, label: "" };

interface Props {
  collection: Collection;
  onOpen: (id: string) => void;
}

/** The documents of one collection, with upload and filters. */
export function DocumentsPanel({ collection, onOpen }: Props) {
  const { t } = useTranslation();
  const can = useCan();
  const queue = useUploadQueue();
  const refresh = useRefresh();
  const [labels, setLabels] = useState<string[]>([]);
  const [filter, setFilter] = useState(noFilter);
  const [q] = useDebouncedValue(filter.q, 250);
  const query = useDocuments(collection.id, { ...filter, q });
  const pages = query.data?.pages;
  const documents = useMemo(() => pages?.flatMap((p) => p.documents) ?? [], [pages]);
  const counts = pages?.[0]?.counts ?? {};
  const running = runningStages.reduce((n, s) => n + (counts[s] ?? 0), 0);
  // A document that has become ready changes the numbers of its collection.
  // biome-ignore lint/correctness/useExhaustiveDependencies: running is what the effect waits for
  useEffect(() => refresh(), [running, refresh]);

  const total = Object.values(counts).reduce((n, c) => n + c, 0);
  const write = can("documents.write");
  return (
    <Stack gap="md">
      {collection.note && (
        <Text size="sm" c="dimmed" className="break">
          {collection.note}
        </Text>
      )}
      {write && (
        <DropZone name={collection.name} onFiles={(files) => queue.add(collection.id, files, labels)}>
          <TagsInput
            w={{ base: "100%", xs: 210 }}
            aria-label={t("documents.uploadLabels")}
            placeholder={labels.length ? undefined : t("documents.uploadLabels")}
            value={labels}
            onChange={setLabels}
            maxTags={20}
            maxLength={100}
            splitChars={[",", "，"]}
          />
        </DropZone>
      )}
      {write && <UploadList collection={collection.id} />}
      {(total > 0 || filter !== noFilter) && (
        <DocumentFilters value={filter} onChange={setFilter} counts={counts} documents={documents} />
      )}
      {query.isError && !query.data ? (
        <ErrorState error={query.error} onRetry={() => query.refetch()} />
      ) : !query.data ? (
        <RowsSkeleton />
      ) : documents.length === 0 ? (
        total > 0 ? (
          <EmptyState compact icon={IconFilterOff} title={t("documents.noMatch")}>
            <Button variant="default" size="xs" onClick={() => setFilter(noFilter)}>
              {t("documents.clearFilters")}
            </Button>
          </EmptyState>
        ) : (
          <EmptyState
            icon={IconFiles}
            title={t("documents.none")}
            text={write ? t("documents.noneText") : t("documents.noneReader")}
          />
        )
      ) : (
        <div className={classes.table}>
          <div className={classes.head} aria-hidden>
            <span>{t("documents.column.name")}</span>
            <span>{t("documents.column.stage")}</span>
            <span>{t("documents.column.chunks")}</span>
            <span>{t("documents.column.size")}</span>
            <span>{t("documents.column.updated")}</span>
          </div>
          <ul className={classes.rows} aria-label={t("documents.title")}>
            {documents.map((d) => (
              <DocumentRow key={d.id} document={d} onOpen={onOpen} />
            ))}
          </ul>
        </div>
      )}
      {query.hasNextPage && (
        <Button
          variant="default"
          loading={query.isFetchingNextPage}
          onClick={() => query.fetchNextPage()}
          mx="auto"
        >
          {t("common.more")}
        </Button>
      )}
    </Stack>
  );
}
