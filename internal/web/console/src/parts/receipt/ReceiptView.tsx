import { Badge, Group, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { codeSentence } from "../../api/problem";
import type { Receipt } from "../../api/types";
import { useCan } from "../../app/session";
import { Facts } from "../Facts";
import { formatDateTime, formatNumber, formatPercent, isTime } from "../format";
import { Markdown } from "../Markdown";
import { PassageCard } from "../PassageCard";
import { FinalRequest } from "./FinalRequest";
import classes from "./ReceiptView.module.css";
import { Waterfall } from "./Waterfall";

interface Props {
  receipt: Receipt;
  facts?: readonly (readonly [string, ReactNode])[]; // more of them, from the ledger
  answerTestID?: string;
}

/** How one answer came about: what was searched for, what was found, what was sent, and how long each step took. */
export function ReceiptView({ receipt: r, facts = [], answerTestID }: Props) {
  const { t } = useTranslation();
  return (
    <Stack gap="lg">
      <section>
        <Text size="xs" c="dimmed" mb={2}>
          {t("receipt.question")}
        </Text>
        <Text fw={600} className="pre">
          {r.question}
        </Text>
        <Text size="sm" c="dimmed" mt={6} className="pre" data-testid="receipt-standalone">
          {r.standalone && r.standalone !== r.question
            ? `${t("receipt.standalone")}: ${r.standalone}`
            : t("receipt.standaloneSame")}
        </Text>
      </section>
      <section>
        <Group gap={6} mb={8}>
          <Verdict receipt={r} />
        </Group>
        <div className={classes.answer} data-testid={answerTestID}>
          {r.answer ? <Markdown text={r.answer} /> : <Text c="dimmed">{t("receipt.noAnswer")}</Text>}
        </div>
        {r.error && (
          <Text size="sm" mt={8} className={classes.failure}>
            {t("receipt.failure")}: {codeSentence(r.error, r.error, t)}
          </Text>
        )}
      </section>
      <Section title={t("receipt.time")}>
        <Waterfall stages={r.stages} />
      </Section>
      <Facts
        items={[
          [t("receipt.mode"), modeWord(r, t)],
          [t("receipt.model"), r.model || t("receipt.noModel")],
          [t("receipt.tokens"), tokens(r, t)],
          [t("receipt.prompt"), <PromptLink key="p" receipt={r} />],
          [t("receipt.language"), r.language],
          [t("receipt.at"), isTime(r.at) && formatDateTime(r.at)],
          ...facts,
        ]}
      />
      <Section title={`${t("receipt.passages")} (${r.passages.length})`}>
        {r.command ? (
          <Text size="sm" c="dimmed">
            {t("receipt.commandText")}
          </Text>
        ) : r.passages.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t("receipt.noPassages")}
          </Text>
        ) : (
          <Stack gap="xs">
            {r.passages.map((p, i) => (
              <PassageCard
                key={p.document_id + p.chunk_id}
                passage={p}
                number={i + 1}
                cited={r.cited.includes(i + 1)}
                testid="receipt-passage"
              />
            ))}
          </Stack>
        )}
      </Section>
      <FinalRequest receipt={r} />
    </Stack>
  );
}

function Verdict({ receipt: r }: { receipt: Receipt }) {
  const { t } = useTranslation();
  if (r.command) return <Badge color="gray">{`${t("receipt.command")} ${r.command}`}</Badge>;
  return (
    <>
      <Badge color={r.known ? "parley" : "yellow"}>
        {r.known ? t("receipt.known") : t("receipt.notKnown")}
      </Badge>
      <Badge color="gray">{t("receipt.confidence", { percent: formatPercent(r.confidence, 1) })}</Badge>
      {r.cached && <Badge color="gray">{t("receipt.cachedAnswer")}</Badge>}
      {r.stopped && <Badge color="gray">{t("receipt.stopped")}</Badge>}
    </>
  );
}

type T = ReturnType<typeof useTranslation>["t"];

function modeWord(r: Receipt, t: T): string {
  if (r.mode === "model" || r.mode === "extractive") return t(`receipt.modes.${r.mode}`);
  return r.mode;
}

function tokens(r: Receipt, t: T): string {
  if (r.usage.input + r.usage.output === 0) return "–";
  const sums = t("receipt.tokensValue", {
    input: formatNumber(r.usage.input),
    output: formatNumber(r.usage.output),
  });
  return r.usage.cached > 0
    ? `${sums} · ${t("receipt.tokensCached", { cached: formatNumber(r.usage.cached) })}`
    : sums;
}

function PromptLink({ receipt: r }: { receipt: Receipt }) {
  const { t } = useTranslation();
  const can = useCan();
  if (!r.prompt) return <>–</>;
  if (r.prompt_version < 0) return <>{`${r.prompt} · ${t("prompts.draft")}`}</>;
  const word =
    r.prompt_version === 0
      ? t("receipt.promptDefault", { name: r.prompt })
      : t("receipt.promptVersion", { name: r.prompt, version: r.prompt_version });
  if (!can("prompts.read")) return <>{word}</>;
  return (
    <Link
      to={`/prompts/${encodeURIComponent(r.prompt)}?version=${r.prompt_version}`}
      data-testid="receipt-prompt"
    >
      {word}
    </Link>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <Title order={3} fz={14} mb={8}>
        {title}
      </Title>
      {children}
    </section>
  );
}
