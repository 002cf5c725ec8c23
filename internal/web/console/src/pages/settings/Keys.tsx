import { ActionIcon, Badge, Box, Button, Group, Text, Tooltip } from "@mantine/core";
import { IconKey, IconPlus, IconTrash } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { body, client, done } from "../../api/client";
import { keys as cacheKeys } from "../../api/keys";
import type { ApiKey } from "../../api/types";
import { Ago } from "../../parts/Ago";
import { Card } from "../../parts/Card";
import { Confirm } from "../../parts/Confirm";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorState } from "../../parts/ErrorState";
import { formatDateTime, isTime } from "../../parts/format";
import { RowsSkeleton } from "../../parts/PageSkeleton";
import { KeyDialog } from "./KeyDialog";
import classes from "./List.module.css";

export function Keys() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [creating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState<ApiKey | null>(null);
  const query = useQuery({
    queryKey: cacheKeys.apiKeys,
    queryFn: async () => (await body(client.GET("/keys"))).keys,
  });
  const refresh = () => queries.invalidateQueries({ queryKey: cacheKeys.apiKeys });
  const create = (
    <Button
      leftSection={<IconPlus size={17} aria-hidden />}
      onClick={() => setCreating(true)}
      data-testid="key-new"
    >
      {t("settings.keys.add")}
    </Button>
  );
  return (
    <>
      <Group justify="space-between" mb="md">
        <Text size="sm" c="dimmed">
          {t("settings.keys.text")}
        </Text>
        {query.data && query.data.length > 0 && create}
      </Group>
      {query.isError && !query.data ? (
        <ErrorState error={query.error} onRetry={() => query.refetch()} />
      ) : !query.data ? (
        <RowsSkeleton />
      ) : query.data.length === 0 ? (
        <Card>
          <EmptyState icon={IconKey} title={t("settings.keys.none")} text={t("settings.keys.noneText")}>
            {create}
          </EmptyState>
        </Card>
      ) : (
        <Card p={0}>
          <ul className={classes.list}>
            {query.data.map((k) => (
              <Row key={k.id} value={k} onDelete={() => setDeleting(k)} />
            ))}
          </ul>
        </Card>
      )}
      <KeyDialog opened={creating} onClose={() => setCreating(false)} onCreated={refresh} />
      <Confirm
        opened={deleting !== null}
        onClose={() => setDeleting(null)}
        title={t("settings.keys.delete")}
        action={t("common.delete")}
        danger
        onConfirm={async () => {
          if (!deleting) return;
          await done(client.DELETE("/keys/{id}", { params: { path: { id: deleting.id } } }));
          await refresh();
        }}
      >
        {t("settings.keys.deleteText", { name: deleting?.name })}
      </Confirm>
    </>
  );
}

function Row({ value: k, onDelete }: { value: ApiKey; onDelete: () => void }) {
  const { t } = useTranslation();
  const ended = isTime(k.expires_at) && Date.parse(k.expires_at) < Date.now();
  return (
    <li className={classes.row} data-testid="key-row" data-name={k.name}>
      <span className={classes.sign} aria-hidden>
        <IconKey size={18} />
      </span>
      <Box className={classes.main}>
        <Group gap={8}>
          <Text fw={600} size="sm">
            {k.name}
          </Text>
          <Text size="xs" ff="monospace" c="dimmed">
            {k.prefix}…
          </Text>
          {ended && (
            <Badge size="sm" color="red">
              {t("settings.keys.expired")}
            </Badge>
          )}
        </Group>
        <Text size="xs" c="dimmed">
          {isTime(k.last_used_at) ? (
            <>
              {t("settings.keys.lastUsed")} <Ago at={k.last_used_at} />
            </>
          ) : (
            t("settings.keys.neverUsed")
          )}
          {" · "}
          {isTime(k.expires_at)
            ? t("settings.keys.expiresAt", { time: formatDateTime(k.expires_at) })
            : t("settings.keys.noExpiry")}
        </Text>
        <Group gap={4} mt={5}>
          {k.permissions.map((p) => (
            <Badge key={p} size="sm" color="gray">
              {t(`settings.permission.${p}` as never)}
            </Badge>
          ))}
        </Group>
      </Box>
      <Tooltip label={t("settings.keys.delete")}>
        <ActionIcon
          color="red"
          aria-label={`${t("settings.keys.delete")}: ${k.name}`}
          onClick={onDelete}
          data-testid="key-delete"
        >
          <IconTrash size={17} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </li>
  );
}
