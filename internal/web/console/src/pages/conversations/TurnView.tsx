import { Badge, Button, Group, Loader, Text } from "@mantine/core";
import { IconAlertTriangle, IconReceipt2, IconThumbDown, IconThumbUp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Turn } from "../../api/types";
import { formatMs, formatTime } from "../../parts/format";
import { safeLink } from "../../parts/links";
import { Markdown } from "../../parts/Markdown";
import { isCommand, isOpen } from "./data";
import classes from "./TurnView.module.css";

/** What was asked, and what became of it. */
export function TurnView({ turn, onReceipt }: { turn: Turn; onReceipt: () => void }) {
  return (
    <>
      {turn.messages.map((m) => (
        <div key={m.id} className={classes.asked} data-testid="message">
          <div className={`${classes.bubble} pre`}>{m.text}</div>
          <Text size="xs" c="dimmed" mt={3} className="num">
            {formatTime(m.sent_at)}
          </Text>
        </div>
      ))}
      <div className={classes.answered} data-testid="answer" data-state={turn.state}>
        <AnswerBody turn={turn} />
        <Below turn={turn} onReceipt={onReceipt} />
      </div>
    </>
  );
}

function AnswerBody({ turn }: { turn: Turn }) {
  const { t } = useTranslation();
  if (turn.answer) {
    const { text, sources, notice } = turn.answer;
    return (
      <div className={classes.bubble} data-notice={notice || undefined}>
        <Markdown text={text} />
        {sources.length > 0 && (
          <ol className={classes.sources} aria-label={t("conversations.sources")}>
            {sources.map((s) => {
              const link = safeLink(s.url);
              const words = `[${s.number}] ${s.title}${s.location ? ` · ${s.location}` : ""}`;
              return (
                <li key={s.number} title={s.excerpt}>
                  {link ? (
                    <a href={link} target="_blank" rel="noopener noreferrer">
                      {words}
                    </a>
                  ) : (
                    words
                  )}
                </li>
              );
            })}
          </ol>
        )}
      </div>
    );
  }
  if (isOpen(turn)) {
    return (
      <Group gap={8} className={classes.bubble}>
        <Loader size={14} type="dots" aria-hidden />
        <Text size="sm" c="dimmed">
          {t("conversations.inProgress")}
        </Text>
      </Group>
    );
  }
  return (
    <Text size="sm" c="dimmed" fs="italic">
      {t("conversations.noAnswer")}
      {turn.reason && `: ${turn.reason}`}
    </Text>
  );
}

function Below({ turn, onReceipt }: { turn: Turn; onReceipt: () => void }) {
  const { t } = useTranslation();
  const timing = [
    turn.first_text_ms !== null && t("conversations.firstText", { time: formatMs(turn.first_text_ms) }),
    turn.took_ms !== null && t("conversations.whole", { time: formatMs(turn.took_ms) }),
  ].filter(Boolean);
  return (
    <div className={classes.below}>
      {turn.state === "dead" && (
        <Group gap={5} wrap="nowrap" className={classes.dead}>
          <IconAlertTriangle size={15} aria-hidden />
          <Text size="sm" className="break">
            {t("conversations.state.dead")}
            {turn.reason && `: ${turn.reason}`}
          </Text>
        </Group>
      )}
      <Group gap={6} justify="flex-end">
        {turn.rating && (
          <Badge
            color={turn.rating.value > 0 ? "parley" : "red"}
            leftSection={
              turn.rating.value > 0 ? (
                <IconThumbUp size={12} aria-hidden />
              ) : (
                <IconThumbDown size={12} aria-hidden />
              )
            }
          >
            {turn.rating.value > 0 ? t("conversations.ratedUp") : t("conversations.ratedDown")}
            {turn.rating.reason && `: ${turn.rating.reason}`}
          </Badge>
        )}
        {turn.answer?.notice && <Badge color="gray">{t("conversations.notice")}</Badge>}
        {turn.answer?.stopped && <Badge color="gray">{t("conversations.stopped")}</Badge>}
        {turn.receipt && !isCommand(turn) && !turn.answer?.notice && (
          <Badge color={turn.receipt.known ? "parley" : "yellow"}>
            {turn.receipt.known ? t("receipt.known") : t("receipt.notKnown")}
          </Badge>
        )}
        {isOpen(turn) && <Badge color="gray">{t(`conversations.state.${turn.state}`)}</Badge>}
        {turn.reply_key && turn.receipt && (
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<IconReceipt2 size={14} aria-hidden />}
            onClick={onReceipt}
            data-testid="receipt-open"
          >
            {t("receipt.open")}
          </Button>
        )}
      </Group>
      {timing.length > 0 && (
        <Text size="xs" c="dimmed" ta="right" className="num">
          {timing.join(" · ")}
        </Text>
      )}
    </div>
  );
}
