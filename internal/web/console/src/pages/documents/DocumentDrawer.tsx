import { Drawer, Group, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { keys } from "../../api/keys";
import { codeSentence } from "../../api/problem";
import type { Document } from "../../api/types";
import { useCan } from "../../app/session";
import { ErrorState } from "../../parts/ErrorState";
import { RowsSkeleton } from "../../parts/PageSkeleton";
import { ChunkList } from "./ChunkList";
import { DocumentFacts } from "./DocumentFacts";
import { DocumentForm } from "./DocumentForm";
import { DocumentMenu } from "./DocumentMenu";
import classes from "./DocumentRow.module.css";
import { useDocument } from "./data";
import { FileSign } from "./FileSign";
import { StageBadge } from "./StageBadge";

/** One document: what is known of it, and what the search sees of it. */
export function DocumentDrawer({ id, onClose }: { id: string | null; onClose: () => void }) {
  const { t } = useTranslation();
  const query = useDocument(id);
  const d = query.data;
  return (
    <Drawer
      opened={id !== null}
      onClose={onClose}
      size={680}
      title={
        <Group gap={10} wrap="nowrap">
          <FileSign type={d?.type ?? ""} name={d?.name ?? ""} />
          <Text fw={650} className="break" lh={1.3}>
            {d ? d.title || d.name : t("common.loading")}
          </Text>
        </Group>
      }
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {query.isError && !d ? (
        <ErrorState error={query.error} onRetry={() => query.refetch()} />
      ) : !d ? (
        <RowsSkeleton rows={6} />
      ) : (
        <Content document={d} onClose={onClose} />
      )}
    </Drawer>
  );
}

function Content({ document: d, onClose }: { document: Document; onClose: () => void }) {
  const { t } = useTranslation();
  const can = useCan();
  const queries = useQueryClient();
  return (
    <Stack gap="lg" data-testid="doc-detail">
      <Group justify="space-between">
        <StageBadge document={d} />
        <DocumentMenu
          document={d}
          onDeleted={() => {
            onClose();
            queries.removeQueries({ queryKey: keys.document(d.id) });
          }}
        />
      </Group>
      {d.stage === "failed" && (
        <Text size="sm" className={classes.reason}>
          {codeSentence(d.code, d.reason, t)}
        </Text>
      )}
      <DocumentFacts document={d} />
      {can("documents.write") && <DocumentForm key={d.id} document={d} />}
      <ChunkList document={d} />
    </Stack>
  );
}
