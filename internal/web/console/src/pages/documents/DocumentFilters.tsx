import { CloseButton, Group, Select, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Document, Stage } from "../../api/types";
import type { DocumentFilter } from "./data";

const stages: Stage[] = [
  "queued",
  "extracting",
  "chunking",
  "indexing",
  "embedding",
  "ready",
  "failed",
  "cancelled",
];

interface Props {
  value: DocumentFilter;
  onChange: (value: DocumentFilter) => void;
  counts: Record<string, number>;
  documents: Document[];
}

export function DocumentFilters({ value, onChange, counts, documents }: Props) {
  const { t } = useTranslation();
  // Labels stay on offer once they were seen, also while a filter hides their documents.
  const seen = useRef(new Set<string>());
  const labels = useMemo(() => {
    for (const d of documents) for (const l of d.labels) seen.current.add(l);
    return [...seen.current].sort();
  }, [documents]);
  return (
    <Group gap="xs">
      <TextInput
        flex="1 1 200px"
        aria-label={t("documents.filterText")}
        placeholder={t("documents.filterText")}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={
          value.q && (
            <CloseButton
              size="sm"
              aria-label={t("documents.clearFilters")}
              onClick={() => onChange({ ...value, q: "" })}
            />
          )
        }
        value={value.q}
        onChange={(e) => onChange({ ...value, q: e.currentTarget.value })}
        maxLength={200}
        data-testid="doc-filter"
      />
      <Select
        w={{ base: "calc(50% - 5px)", xs: 160 }}
        aria-label={t("documents.filterStage")}
        placeholder={t("documents.allStages")}
        clearable
        data={stages
          .filter((s) => (counts[s] ?? 0) > 0 || s === value.stage)
          .map((s) => ({ value: s, label: `${t(`documents.stage.${s}`)} (${counts[s] ?? 0})` }))}
        value={value.stage}
        onChange={(stage) => onChange({ ...value, stage: stage as Stage | null })}
        data-testid="stage-filter"
      />
      {labels.length > 0 && (
        <Select
          w={{ base: "calc(50% - 5px)", xs: 160 }}
          aria-label={t("documents.filterLabel")}
          placeholder={t("documents.allLabels")}
          clearable
          searchable
          data={labels}
          value={value.label || null}
          onChange={(label) => onChange({ ...value, label: label ?? "" })}
        />
      )}
    </Group>
  );
}
