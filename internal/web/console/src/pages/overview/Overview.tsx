import { Button, SegmentedControl, SimpleGrid, Skeleton, Stack } from "@mantine/core";
import { IconMessageQuestion } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { body, client } from "../../api/client";
import { keys } from "../../api/keys";
import { Card } from "../../parts/Card";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorState } from "../../parts/ErrorState";
import { PageHeader } from "../../parts/PageHeader";
import { Channels } from "./Channels";
import { System } from "./System";
import { Tiles } from "./Tiles";

const Charts = lazy(() => import("./Charts"));
const periods = [7, 14, 30] as const;

export default function Overview() {
  const { t } = useTranslation();
  const [days, setDays] = useState<number>(14);
  const query = useQuery({
    queryKey: keys.overview(days),
    queryFn: () => body(client.GET("/overview", { params: { query: { days } } })),
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });
  const data = query.data;
  return (
    <>
      <PageHeader title={t("overview.title")}>
        <SegmentedControl
          aria-label={t("overview.period")}
          value={String(days)}
          onChange={(v) => setDays(Number(v))}
          data={periods.map((n) => ({ value: String(n), label: t("overview.days", { n }) }))}
          data-testid="overview-period"
        />
      </PageHeader>
      {query.isError && !data ? (
        <ErrorState error={query.error} onRetry={() => query.refetch()} />
      ) : !data ? (
        <Waiting />
      ) : (
        <Stack gap="md">
          <Tiles totals={data.totals} />
          {data.totals.questions === 0 ? (
            <Card>
              <EmptyState
                icon={IconMessageQuestion}
                title={t("overview.emptyTitle")}
                text={t("overview.emptyText")}
              >
                <Button component="a" href="/chat" target="_blank" rel="noopener" variant="light" mt="xs">
                  {t("overview.openChat")}
                </Button>
              </EmptyState>
            </Card>
          ) : (
            <Suspense fallback={<ChartsWaiting />}>
              <Charts days={data.days} />
            </Suspense>
          )}
          <Channels channels={data.channels} />
          <System />
        </Stack>
      )}
    </>
  );
}

function Waiting() {
  return (
    <Stack gap="md" aria-busy="true">
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm">
        {["a", "b", "c", "d", "e", "f"].map((k) => (
          <Skeleton key={k} h={112} radius="lg" />
        ))}
      </SimpleGrid>
      <ChartsWaiting />
      <Skeleton h={140} radius="lg" />
    </Stack>
  );
}

function ChartsWaiting() {
  return (
    <>
      <Skeleton h={314} radius="lg" />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Skeleton h={274} radius="lg" />
        <Skeleton h={274} radius="lg" />
      </SimpleGrid>
    </>
  );
}
