import { Alert, Badge, Group, SimpleGrid, Skeleton, Text } from "@mantine/core";
import { IconChevronRight, IconInfoCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { PromptSummary } from "../../api/types";
import { useSession } from "../../app/session";
import { Ago } from "../../parts/Ago";
import { ErrorState } from "../../parts/ErrorState";
import { PageHeader } from "../../parts/PageHeader";
import { isKnownPrompt, promptOrder, usePrompts } from "./data";
import classes from "./Prompts.module.css";
import { promptTitle, versionTitle } from "./words";

export default function Prompts() {
  const { t } = useTranslation();
  const { model } = useSession();
  const query = usePrompts();
  const place = (p: PromptSummary) => {
    const i = (promptOrder as readonly string[]).indexOf(p.name);
    return i < 0 ? promptOrder.length : i;
  };
  return (
    <>
      <PageHeader title={t("prompts.title")} text={t("prompts.text")} />
      {!model.configured && (
        <Alert icon={<IconInfoCircle aria-hidden />} color="yellow" mb="md">
          {t("prompts.noModel")}
        </Alert>
      )}
      {query.isError && !query.data ? (
        <ErrorState error={query.error} onRetry={() => query.refetch()} />
      ) : (
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {!query.data
            ? promptOrder.map((name) => <Skeleton key={name} h={152} radius="lg" />)
            : [...query.data]
                .sort((a, b) => place(a) - place(b))
                .map((p) => <Item key={p.name} prompt={p} />)}
        </SimpleGrid>
      )}
    </>
  );
}

function Item({ prompt: p }: { prompt: PromptSummary }) {
  const { t } = useTranslation();
  return (
    <Link
      to={`/prompts/${encodeURIComponent(p.name)}`}
      className={classes.item}
      data-testid="prompt-item"
      data-name={p.name}
    >
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text fw={650}>{promptTitle(p.name, t)}</Text>
        <IconChevronRight size={18} aria-hidden className={classes.arrow} />
      </Group>
      <Text size="xs" c="dimmed" ff="monospace">
        {p.name}
      </Text>
      <Text size="sm" c="dimmed" mt={8} mb="sm">
        {isKnownPrompt(p.name) && t(`prompts.explain.${p.name}`)}
      </Text>
      <Group gap={8} mt="auto">
        <Badge>{`${t("prompts.active")}: ${versionTitle(p.active.version, t)}`}</Badge>
        {p.latest > p.active.version && <Badge color="gray">{t("prompts.latestNot", { n: p.latest })}</Badge>}
        {p.active.version > 0 && (
          <Text size="xs" c="dimmed">
            {p.active.author} · <Ago at={p.active.created_at} />
          </Text>
        )}
      </Group>
    </Link>
  );
}
