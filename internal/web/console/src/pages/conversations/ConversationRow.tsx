import { Badge, Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconHelpCircle, IconThumbDown, IconThumbUp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Conversation } from "../../api/types";
import { Ago } from "../../parts/Ago";
import classes from "./ConversationRow.module.css";
import { shortPerson } from "./person";

/** One line of the list: who, what was said last, and what staff should look at. */
export function ConversationRow({
  conversation: c,
  current,
}: {
  conversation: Conversation;
  current: boolean;
}) {
  const { t } = useTranslation();
  return (
    <li>
      <Link
        to={`/conversations/${encodeURIComponent(c.id)}`}
        className={classes.row}
        aria-current={current || undefined}
        data-testid="conversation-row"
        data-id={c.id}
        data-channel={c.channel}
      >
        <Group justify="space-between" wrap="nowrap" gap={8}>
          <Text size="sm" fw={600} truncate>
            {c.title || t("conversations.untitled")}
          </Text>
          <Text size="xs" c="dimmed" className={classes.when}>
            <Ago at={c.last_at} />
          </Text>
        </Group>
        <Group justify="space-between" wrap="nowrap" gap={8} mt={3}>
          <Text size="xs" c="dimmed" truncate>
            {shortPerson(c.person) || t("conversations.visitor")} · {t("conversations.turns", { n: c.turns })}
          </Text>
          <Group gap={7} wrap="nowrap" className={classes.marks}>
            {c.dead > 0 && (
              <Mark
                icon={IconAlertTriangle}
                n={c.dead}
                tone="var(--p-bad)"
                label={t("conversations.dead", { n: c.dead })}
              />
            )}
            {c.unknown > 0 && (
              <Mark
                icon={IconHelpCircle}
                n={c.unknown}
                tone="var(--p-warn)"
                label={t("conversations.unknown", { n: c.unknown })}
              />
            )}
            {c.down > 0 && (
              <Mark
                icon={IconThumbDown}
                n={c.down}
                tone="var(--p-bad)"
                label={t("conversations.down", { n: c.down })}
              />
            )}
            {c.up > 0 && (
              <Mark
                icon={IconThumbUp}
                n={c.up}
                tone="var(--p-good)"
                label={t("conversations.up", { n: c.up })}
              />
            )}
            <Badge size="sm" color="gray">
              {c.channel}
            </Badge>
          </Group>
        </Group>
      </Link>
    </li>
  );
}

interface MarkProps {
  icon: typeof IconHelpCircle;
  n: number;
  tone: string;
  label: string;
}

function Mark({ icon: Sign, n, tone, label }: MarkProps) {
  return (
    <span
      className={`${classes.mark} num`}
      style={{ color: tone }}
      title={label}
      role="img"
      aria-label={label}
    >
      <Sign size={14} aria-hidden />
      {n > 1 && n}
    </span>
  );
}
