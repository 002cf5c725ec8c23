import { Alert, Badge, Box, Group, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { body, client } from "../../api/client";
import { keys } from "../../api/keys";
import type { System as Standing, SystemWarning } from "../../api/types";
import { Card } from "../../parts/Card";
import { ErrorState } from "../../parts/ErrorState";
import { Facts } from "../../parts/Facts";
import { formatBytes } from "../../parts/format";

/** What the server stands on: its database, Redis, and what should be changed about them. */
export function System() {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: keys.system,
    queryFn: () => body(client.GET("/system")),
    refetchInterval: 30_000,
  });
  const data = query.data;
  return (
    <Box component="section" aria-labelledby="overview-system" data-testid="system">
      <Text component="h2" id="overview-system" fw={600} size="md" mt="xs" mb="sm">
        {t("overview.system.title")}
      </Text>
      {query.isError && !data ? (
        <ErrorState error={query.error} onRetry={() => query.refetch()} />
      ) : !data ? (
        <Skeleton h={130} radius="lg" aria-busy="true" />
      ) : (
        <Stack gap="sm">
          {data.warnings.length > 0 && (
            <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
              {data.warnings.map((w) => (
                <li key={w.code}>
                  <Warning value={w} />
                </li>
              ))}
            </Stack>
          )}
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <Database value={data.database} />
            <Redis state={data.redis.state} />
          </SimpleGrid>
        </Stack>
      )}
    </Box>
  );
}

/** The sentence of the code in the reader's language; for a code that is newer than this page the server's own. */
function Warning({ value: w }: { value: SystemWarning }) {
  const { t, i18n } = useTranslation();
  const known = i18n.exists(`overview.system.warning.${w.code}`);
  return (
    <Alert
      color={w.level === "fail" ? "red" : "yellow"}
      icon={<IconAlertTriangle aria-hidden />}
      title={t(`overview.system.level.${w.level}`)}
      role="note"
      className="break"
      data-testid="system-warning"
      data-code={w.code}
    >
      {known
        ? String(t(`overview.system.warning.${w.code}` as never, w.values as never))
        : `${w.detail} ${w.advice}`}
    </Alert>
  );
}

function Database({ value: d }: { value: Standing["database"] }) {
  const { t } = useTranslation();
  const postgres = d.kind === "postgres";
  return (
    <Card data-testid="system-database" data-kind={d.kind}>
      <Text fw={600} mb="sm">
        {t("overview.system.database")}
      </Text>
      <Facts
        items={
          postgres
            ? [
                [t("overview.system.kind"), `Postgres ${d.version}`],
                ["pgvector", d.pgvector || t("overview.system.noPgvector")],
                [
                  t("overview.system.secondLock"),
                  d.second_lock ? t("overview.system.on") : t("overview.system.off"),
                ],
              ]
            : [
                [t("overview.system.kind"), "SQLite"],
                [t("overview.system.size"), formatBytes(d.bytes)],
              ]
        }
      />
    </Card>
  );
}

const tones = { none: "gray", ok: "parley", degraded: "yellow" };

function Redis({ state }: { state: Standing["redis"]["state"] }) {
  const { t } = useTranslation();
  return (
    <Card data-testid="system-redis" data-state={state}>
      <Group justify="space-between" mb="sm">
        <Text fw={600}>Redis</Text>
        <Badge color={tones[state]}>{t(`overview.system.redis.${state}`)}</Badge>
      </Group>
      <Text size="sm" c="dimmed">
        {t(`overview.system.redisText.${state}`)}
      </Text>
    </Card>
  );
}
