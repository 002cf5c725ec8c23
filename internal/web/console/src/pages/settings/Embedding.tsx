import { Badge, Box, Button, Group, Progress, Text } from "@mantine/core";
import { IconVector } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { body, client, done } from "../../api/client";
import { keys } from "../../api/keys";
import type { EmbeddingModel } from "../../api/types";
import { Card } from "../../parts/Card";
import { Confirm } from "../../parts/Confirm";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorState } from "../../parts/ErrorState";
import { formatNumber, formatPercent } from "../../parts/format";
import { tell } from "../../parts/notify";
import { RowsSkeleton } from "../../parts/PageSkeleton";
import classes from "./List.module.css";

type Deed = "serve" | "back" | "forget";

/** The models that vectors are made with: which one answers, how far the next one is, and the way back. */
export function Embedding() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<{ deed: Deed; model: string } | null>(null);
  const query = useQuery({
    queryKey: keys.embeddingModels,
    queryFn: async () => (await body(client.GET("/embedding-models"))).models,
    refetchInterval: 5_000,
  });
  const list = query.data;
  const confirm = async () => {
    if (!asked) return;
    const input = { body: { model: asked.model } };
    await done(
      asked.deed === "forget"
        ? client.POST("/embedding-models/forget", input)
        : client.POST("/embedding-models/serve", input),
    );
    tell(t(`settings.embedding.${asked.deed}Done`, { model: asked.model }));
    await queries.invalidateQueries({ queryKey: keys.embeddingModels });
  };
  const deed = asked?.deed ?? "serve";
  return (
    <>
      <Text size="sm" c="dimmed" mb="md">
        {t("settings.embedding.text")}
      </Text>
      {query.isError && !list ? (
        <ErrorState error={query.error} onRetry={() => query.refetch()} />
      ) : !list ? (
        <RowsSkeleton />
      ) : list.length === 0 ? (
        <Card>
          <EmptyState
            icon={IconVector}
            title={t("settings.embedding.none")}
            text={t("settings.embedding.noneText")}
          />
        </Card>
      ) : (
        <Card p={0}>
          <ul className={classes.list}>
            {list.map((m) => (
              <Row key={m.model} value={m} onAsk={(d) => setAsked({ deed: d, model: m.model })} />
            ))}
          </ul>
        </Card>
      )}
      <Confirm
        opened={asked !== null}
        onClose={() => setAsked(null)}
        title={t(`settings.embedding.${deed}`)}
        action={t(`settings.embedding.${deed}`)}
        danger={deed === "forget"}
        onConfirm={confirm}
      >
        {t(`settings.embedding.${deed}Text`, { model: asked?.model })}
      </Confirm>
    </>
  );
}

function Row({ value: m, onAsk }: { value: EmbeddingModel; onAsk: (deed: Deed) => void }) {
  const { t } = useTranslation();
  const answers = m.serving && m.configured;
  const percent = m.complete ? 100 : m.chunks > 0 ? Math.min(99, (100 * m.vectors) / m.chunks) : 0;
  const progress = t("settings.embedding.progress", {
    vectors: formatNumber(m.vectors),
    chunks: formatNumber(m.chunks),
    percent: formatPercent(percent, 100),
  });
  const deed: Deed = m.served ? "back" : "serve";
  return (
    <li
      className={classes.row}
      data-testid="embedding-row"
      data-model={m.model}
      data-serving={String(answers)}
    >
      <span className={classes.sign} aria-hidden>
        <IconVector size={18} />
      </span>
      <Box className={classes.main}>
        <Group gap={8}>
          <Text fw={600} size="sm" className="break">
            {m.model}
          </Text>
          {answers && (
            <Badge size="sm" color="parley">
              {t("settings.embedding.serving")}
            </Badge>
          )}
          {!m.complete && m.configured && (
            <Badge size="sm" color="yellow">
              {t("settings.embedding.filling")}
            </Badge>
          )}
          {m.complete && !m.indexed && (
            <Badge size="sm" color="yellow">
              {t("settings.embedding.indexing")}
            </Badge>
          )}
          {!m.configured && (
            <Badge size="sm" color="gray">
              {t("settings.embedding.notConfigured")}
            </Badge>
          )}
        </Group>
        <Text size="xs" c="dimmed" className="num">
          {m.dimensions > 0 && `${t("settings.embedding.dimensions", { n: formatNumber(m.dimensions) })} · `}
          {progress}
        </Text>
        {!m.complete && m.configured && (
          <Progress.Root size="sm" mt={6}>
            <Progress.Section
              value={percent}
              aria-label={`${t("settings.embedding.filling")}: ${m.model}`}
              aria-valuetext={progress}
            />
          </Progress.Root>
        )}
      </Box>
      {m.configured && !m.serving && m.complete && (
        <Button
          size="xs"
          variant="light"
          aria-label={`${t(`settings.embedding.${deed}`)}: ${m.model}`}
          onClick={() => onAsk(deed)}
          data-testid={`embedding-${deed}`}
        >
          {t(`settings.embedding.${deed}`)}
        </Button>
      )}
      {!m.configured && !m.serving && (
        <Button
          size="xs"
          variant="light"
          color="red"
          aria-label={`${t("settings.embedding.forget")}: ${m.model}`}
          onClick={() => onAsk("forget")}
          data-testid="embedding-forget"
        >
          {t("settings.embedding.forget")}
        </Button>
      )}
    </li>
  );
}
