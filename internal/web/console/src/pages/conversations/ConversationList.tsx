import { Button, Group, SegmentedControl, Select, Stack, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconFilterOff, IconMessages, IconSearch } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Card } from "../../parts/Card";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorState } from "../../parts/ErrorState";
import { RowsSkeleton } from "../../parts/PageSkeleton";
import classes from "./ConversationList.module.css";
import { ConversationRow } from "./ConversationRow";
import { type Filter, noFilter, type Show, useChannelNames, useConversations } from "./data";

interface Props {
  current: string | undefined;
  filter: Filter;
  onFilter: (filter: Filter) => void;
}

export function ConversationList({ current, filter, onFilter }: Props) {
  const { t } = useTranslation();
  const channels = useChannelNames();
  const [q] = useDebouncedValue(filter.q, 300);
  const query = useConversations({ ...filter, q });
  const all = query.data?.pages.flatMap((p) => p.conversations) ?? [];
  const filtered = filter.q !== "" || filter.channel !== "" || filter.show !== "all";
  return (
    <Card p={0} className={classes.panel}>
      <Stack gap="xs" p="sm" className={classes.filters}>
        <TextInput
          aria-label={t("conversations.search")}
          placeholder={t("conversations.search")}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={filter.q}
          maxLength={200}
          onChange={(e) => onFilter({ ...filter, q: e.currentTarget.value })}
          data-testid="conversation-search"
        />
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label={t("conversations.show")}
          value={filter.show}
          onChange={(show) => onFilter({ ...filter, show: show as Show })}
          data={(["all", "unknown", "down", "up"] as const).map((value) => ({
            value,
            label: t(`conversations.filter.${value}`),
          }))}
        />
        {channels.length > 1 && (
          <Select
            size="xs"
            aria-label={t("conversations.channel")}
            placeholder={t("conversations.allChannels")}
            clearable
            data={channels}
            value={filter.channel || null}
            onChange={(channel) => onFilter({ ...filter, channel: channel ?? "" })}
            data-testid="channel-filter"
          />
        )}
      </Stack>
      {query.isError && !query.data ? (
        <Group p="sm">
          <ErrorState error={query.error} onRetry={() => query.refetch()} />
        </Group>
      ) : !query.data ? (
        <Group p="sm" grow>
          <RowsSkeleton rows={7} height={62} />
        </Group>
      ) : all.length === 0 ? (
        filtered ? (
          <EmptyState
            compact
            icon={IconFilterOff}
            title={t("conversations.noMatch")}
            text={t("conversations.noMatchText")}
          >
            <Button size="xs" variant="default" onClick={() => onFilter(noFilter)}>
              {t("documents.clearFilters")}
            </Button>
          </EmptyState>
        ) : (
          <EmptyState
            compact
            icon={IconMessages}
            title={t("conversations.none")}
            text={t("conversations.noneText")}
          />
        )
      ) : (
        <ul className={classes.list}>
          {all.map((c) => (
            <ConversationRow key={c.id} conversation={c} current={c.id === current} />
          ))}
          {query.hasNextPage && (
            <li className={classes.more}>
              <Button
                size="xs"
                variant="default"
                fullWidth
                loading={query.isFetchingNextPage}
                onClick={() => query.fetchNextPage()}
              >
                {t("conversations.older")}
              </Button>
            </li>
          )}
        </ul>
      )}
    </Card>
  );
}
