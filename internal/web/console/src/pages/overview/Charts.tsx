import { SimpleGrid } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Day } from "../../api/types";
import { formatCompact, formatMs } from "../../parts/format";
import { ChartCard, type Series } from "./ChartCard";

/** The charts by day. In a file of its own because of the weight of the library. */
export default function Charts({ days }: { days: Day[] }) {
  const { t } = useTranslation();
  const questions: Series[] = [
    { key: "answered", label: t("overview.answered"), color: "var(--p-chart-1)" },
    { key: "unknown", label: t("overview.unknown"), color: "var(--p-chart-2)" },
  ];
  const latency: Series[] = [
    { key: "p50_ms", label: t("overview.median"), color: "var(--p-chart-1)" },
    { key: "p95_ms", label: t("overview.p95"), color: "var(--p-chart-3)" },
  ];
  const tokens: Series[] = [
    { key: "input_tokens", label: t("overview.inputTokens"), color: "var(--p-chart-3)" },
    { key: "output_tokens", label: t("overview.outputTokens"), color: "var(--p-chart-1)" },
  ];
  const anyTokens = days.some((d) => d.input_tokens + d.output_tokens > 0);
  return (
    <>
      <ChartCard
        title={t("overview.chartQuestions")}
        kind="bars"
        days={split(days)}
        series={questions}
        format={formatCompact}
        height={230}
      />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <ChartCard
          title={t("overview.chartLatency")}
          kind="lines"
          days={days.map(gaps)}
          series={latency}
          format={(n) => (n === 0 ? "0" : formatMs(n))}
          height={190}
        />
        <ChartCard
          title={t("overview.chartTokens")}
          kind="bars"
          days={days}
          series={tokens}
          format={formatCompact}
          height={190}
          empty={anyTokens ? undefined : t("overview.noTokens")}
        />
      </SimpleGrid>
    </>
  );
}

type Point = Record<string, string | number | null>;

/** Answers that said "not known" are answers too: the stack shows the two apart. */
function split(days: Day[]): Point[] {
  return days.map((d) => ({ day: d.day, answered: Math.max(0, d.answered - d.unknown), unknown: d.unknown }));
}

/** A day without answers has no latency; a zero would draw a dive. */
function gaps(d: Day): Point {
  return { day: d.day, p50_ms: d.p50_ms || null, p95_ms: d.p95_ms || null };
}
