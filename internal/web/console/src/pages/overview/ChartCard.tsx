import { Center, Group, Text } from "@mantine/core";
import { useReducedMotion } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import {
  Bar,
  CartesianGrid,
  ComposedChart,
  Line,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from "recharts";
import { Card } from "../../parts/Card";
import { formatDay } from "../../parts/format";
import classes from "./ChartCard.module.css";

export interface Series {
  key: string;
  label: string;
  color: string;
}

type Point = { day: string } & Record<string, unknown>;

interface Props {
  title: string;
  kind: "bars" | "lines";
  days: object[];
  series: Series[];
  format: (n: number) => string;
  height: number;
  empty?: string; // said instead of a chart
}

const axis = { fontSize: 12, fill: "var(--mantine-color-dimmed)" };

/** One chart with its legend, and the same figures as a table for screen readers. */
export function ChartCard({ title, kind, days, series, format, height, empty }: Props) {
  const { t } = useTranslation();
  const still = useReducedMotion();
  const points = days as Point[];
  return (
    <Card>
      <Group justify="space-between" mb="sm" gap="xs">
        <Text fw={600} component="h2" size="md" m={0}>
          {title}
        </Text>
        {!empty && (
          <Group gap="md" aria-hidden>
            {series.map((s) => (
              <span key={s.key} className={classes.legend}>
                <i style={{ background: s.color }} />
                {s.label}
              </span>
            ))}
          </Group>
        )}
      </Group>
      {empty ? (
        <Center h={height}>
          <Text c="dimmed" size="sm">
            {empty}
          </Text>
        </Center>
      ) : (
        <div style={{ height }} aria-hidden>
          <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 400, height }}>
            <ComposedChart
              data={points}
              margin={{ top: 6, right: 4, bottom: 0, left: 0 }}
              accessibilityLayer={false}
            >
              <CartesianGrid vertical={false} stroke="var(--p-line)" />
              <XAxis
                dataKey="day"
                tickFormatter={(d: string) => formatDay(d)}
                tick={axis}
                tickLine={false}
                axisLine={{ stroke: "var(--p-line)" }}
                minTickGap={24}
              />
              <YAxis
                tickFormatter={format}
                tick={axis}
                tickLine={false}
                axisLine={false}
                width="auto"
                allowDecimals={kind === "lines"}
              />
              <Tooltip
                cursor={{ fill: "var(--p-hover)", stroke: "var(--p-line)", fillOpacity: 0.6 }}
                isAnimationActive={false}
                content={(p) => <Hover {...p} series={series} format={format} />}
              />
              {series.map((s, i) =>
                kind === "bars" ? (
                  <Bar
                    key={s.key}
                    dataKey={s.key}
                    stackId="day"
                    fill={s.color}
                    maxBarSize={34}
                    radius={i === series.length - 1 ? [3, 3, 0, 0] : 0}
                    isAnimationActive={!still}
                    animationDuration={300}
                  />
                ) : (
                  <Line
                    key={s.key}
                    dataKey={s.key}
                    type="monotone"
                    stroke={s.color}
                    strokeWidth={2}
                    dot={{ r: 2.5, fill: s.color, strokeWidth: 0 }}
                    connectNulls
                    isAnimationActive={!still}
                    animationDuration={300}
                  />
                ),
              )}
            </ComposedChart>
          </ResponsiveContainer>
        </div>
      )}
      <table className="visually-hidden">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th>{t("overview.day")}</th>
            {series.map((s) => (
              <th key={s.key}>{s.label}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {points.map((p) => (
            <tr key={p.day}>
              <td>{formatDay(p.day)}</td>
              {series.map((s) => (
                <td key={s.key}>{typeof p[s.key] === "number" ? format(p[s.key] as number) : "–"}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

type HoverProps = Partial<TooltipContentProps> & { series: Series[]; format: (n: number) => string };

function Hover({ active, payload, label, series, format }: HoverProps) {
  if (!active || !payload?.length) return null;
  const point = (payload[0]?.payload ?? {}) as Point;
  return (
    <div className={classes.hover}>
      <b>{formatDay(String(label))}</b>
      {series.map((s) => (
        <div key={s.key} className={classes.row}>
          <i style={{ background: s.color }} />
          <span>{s.label}</span>
          <span className="num">
            {typeof point[s.key] === "number" ? format(point[s.key] as number) : "–"}
          </span>
        </div>
      ))}
    </div>
  );
}
