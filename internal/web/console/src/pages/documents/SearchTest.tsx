import {
  Alert,
  Button,
  Group,
  MultiSelect,
  NumberInput,
  Progress,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { IconCircleCheck, IconFileSearch, IconHelpCircle, IconSearch } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { body, client } from "../../api/client";
import type { Collection, SearchResult } from "../../api/types";
import { Card } from "../../parts/Card";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorState } from "../../parts/ErrorState";
import { formatMs, formatPercent } from "../../parts/format";
import { RowsSkeleton } from "../../parts/PageSkeleton";
import { PassageCard } from "../../parts/PassageCard";

/** Question in, ranked passages with their scores out, and the verdict: known or not. */
export function SearchTest({ collections, current }: { collections: Collection[]; current: string }) {
  const { t } = useTranslation();
  const [question, setQuestion] = useState("");
  const [chosen, setChosen] = useState([current]);
  const [labels, setLabels] = useState<string[]>([]);
  const [limit, setLimit] = useState<number | string>(8);
  const search = useMutation({
    mutationFn: () =>
      body(
        client.POST("/search", {
          body: { question: question.trim(), collections: chosen, labels, limit: Number(limit) || 8 },
        }),
      ),
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (question.trim()) search.mutate();
  };
  return (
    <Stack gap="md">
      <Card>
        <Text size="sm" c="dimmed" mb="sm">
          {t("documents.search.text")}
        </Text>
        <form onSubmit={submit}>
          <Group gap="xs" align="flex-end">
            <TextInput
              flex="1 1 260px"
              label={t("documents.search.question")}
              placeholder={t("documents.search.placeholder")}
              value={question}
              maxLength={2000}
              onChange={(e) => setQuestion(e.currentTarget.value)}
              data-testid="search-question"
            />
            <Button
              type="submit"
              leftSection={<IconSearch size={16} aria-hidden />}
              loading={search.isPending}
              disabled={!question.trim()}
              data-testid="search-run"
            >
              {t("documents.search.run")}
            </Button>
          </Group>
          <Group gap="xs" mt="sm" align="flex-start">
            <MultiSelect
              flex="2 1 220px"
              label={t("documents.search.collections")}
              placeholder={chosen.length ? undefined : t("common.all")}
              data={collections.map((c) => ({ value: c.id, label: c.name }))}
              value={chosen}
              onChange={setChosen}
              clearable
            />
            <TagsInput
              flex="2 1 180px"
              label={t("documents.search.labels")}
              placeholder={labels.length ? undefined : t("common.optional")}
              value={labels}
              onChange={setLabels}
              maxTags={50}
            />
            <NumberInput
              w={110}
              label={t("documents.search.limit")}
              min={1}
              max={50}
              clampBehavior="blur"
              value={limit}
              onChange={setLimit}
            />
          </Group>
        </form>
      </Card>
      {search.isPending ? (
        <RowsSkeleton rows={4} height={130} />
      ) : search.isError ? (
        <ErrorState error={search.error} onRetry={() => search.mutate()} />
      ) : search.data ? (
        <Result result={search.data} />
      ) : (
        <EmptyState
          compact
          icon={IconFileSearch}
          title={t("documents.search.start")}
          text={t("documents.search.startText")}
        />
      )}
    </Stack>
  );
}

function Result({ result: r }: { result: SearchResult }) {
  const { t } = useTranslation();
  const confidence = t("receipt.confidence", { percent: formatPercent(r.confidence, 1) });
  return (
    <Stack gap="sm" data-testid="search-result" data-known={r.known}>
      <Alert
        color={r.known ? "parley" : "yellow"}
        icon={r.known ? <IconCircleCheck aria-hidden /> : <IconHelpCircle aria-hidden />}
        title={r.known ? t("documents.search.known") : t("documents.search.notKnown")}
      >
        <Text size="sm">
          {r.known ? t("documents.search.knownText") : t("documents.search.notKnownText")}
        </Text>
        <Group gap="xs" mt={8} wrap="nowrap">
          <Progress
            value={r.confidence * 100}
            flex={1}
            maw={240}
            size={6}
            color={r.known ? "parley" : "yellow"}
            aria-label={confidence}
          />
          <Text size="xs" className="num">
            {confidence}
          </Text>
        </Group>
      </Alert>
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed" className="num">
          {t("documents.search.took", { time: formatMs(r.took_ms), n: r.passages.length })}
        </Text>
        <Text size="xs" c="dimmed">
          {r.embedder
            ? t("documents.search.withEmbedder", { model: r.embedder })
            : t("documents.search.wordsOnly")}
        </Text>
      </Group>
      {r.passages.length === 0 ? (
        <EmptyState
          compact
          icon={IconFileSearch}
          title={t("documents.search.none")}
          text={t("documents.search.noneText")}
        />
      ) : (
        r.passages.map((p, i) => (
          <PassageCard key={p.document_id + p.chunk_id} passage={p} number={i + 1} testid="search-passage" />
        ))
      )}
    </Stack>
  );
}
