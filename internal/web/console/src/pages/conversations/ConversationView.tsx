import { Anchor, Badge, Box, Group, Skeleton, Stack, Text } from "@mantine/core";
import { IconChevronLeft } from "@tabler/icons-react";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import type { Turn } from "../../api/types";
import { Card } from "../../parts/Card";
import { ErrorState } from "../../parts/ErrorState";
import classes from "./ConversationView.module.css";
import { useConversation } from "./data";
import { dayWord } from "./day";
import { shortPerson } from "./person";
import { ReceiptDrawer } from "./ReceiptDrawer";
import { TurnView } from "./TurnView";

/** One conversation as it was read in the chat. ?receipt= opens how an answer came about. */
export function ConversationView({ id, back }: { id: string; back?: boolean }) {
  const { t, i18n } = useTranslation();
  const query = useConversation(id);
  const [params, setParams] = useSearchParams();
  const receipt = params.get("receipt");
  const setReceipt = (key: string | null) =>
    setParams((p) => {
      if (key) p.set("receipt", key);
      else p.delete("receipt");
      return p;
    });
  const data = query.data;
  const days = groupByDay(data?.turns ?? [], (at) => dayWord(at, t, i18n.language));
  return (
    <Box miw={0}>
      {back && (
        <Anchor
          component={Link}
          to="/conversations"
          size="sm"
          display="inline-flex"
          mb="sm"
          style={{ alignItems: "center" }}
        >
          <IconChevronLeft size={16} aria-hidden /> {t("conversations.title")}
        </Anchor>
      )}
      {query.isError && !data ? (
        <ErrorState error={query.error} onRetry={() => query.refetch()} />
      ) : !data ? (
        <Card>
          <Stack aria-busy="true">
            <Skeleton h={20} w="40%" />
            <Skeleton h={60} w="60%" radius="lg" />
            <Skeleton h={120} w="75%" radius="lg" ml="auto" />
          </Stack>
        </Card>
      ) : (
        <Card p={0} data-testid="conversation">
          <Group px="md" py="sm" justify="space-between" className={classes.head} gap="xs">
            <Box miw={0}>
              <Text fw={650} truncate>
                {shortPerson(data.conversation.person) || t("conversations.visitor")}
              </Text>
              <Text size="xs" c="dimmed" className="break">
                {t("conversations.chat")} {data.conversation.chat}
                {data.conversation.thread && ` · ${t("conversations.thread")} ${data.conversation.thread}`}
              </Text>
            </Box>
            <Badge color="gray">{data.conversation.channel}</Badge>
          </Group>
          <div className={classes.chat}>
            {days.map(([day, turns]) => (
              <Fragment key={day}>
                <div className={classes.day}>{day}</div>
                {turns.map((turn) => (
                  <TurnView key={turn.id} turn={turn} onReceipt={() => setReceipt(turn.reply_key)} />
                ))}
              </Fragment>
            ))}
          </div>
        </Card>
      )}
      <ReceiptDrawer
        replyKey={receipt}
        turn={data?.turns.find((turn) => turn.reply_key === receipt)}
        onClose={() => setReceipt(null)}
      />
    </Box>
  );
}

function groupByDay(turns: Turn[], word: (at: string) => string): [string, Turn[]][] {
  const days: [string, Turn[]][] = [];
  for (const turn of turns) {
    const day = word(turn.messages[0]?.sent_at ?? turn.received_at);
    const last = days.at(-1);
    if (last?.[0] === day) last[1].push(turn);
    else days.push([day, [turn]]);
  }
  return days;
}
