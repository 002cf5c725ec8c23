import { Group, SimpleGrid, Text } from "@mantine/core";
import {
  type Icon,
  IconCircleCheck,
  IconClock,
  IconCoins,
  IconHelpCircle,
  IconMessageQuestion,
  IconThumbDown,
  IconThumbUp,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Figures } from "../../api/types";
import { Card } from "../../parts/Card";
import { formatCompact, formatMs, formatNumber, formatPercent } from "../../parts/format";
import classes from "./Tiles.module.css";

export function Tiles({ totals: f }: { totals: Figures }) {
  const { t } = useTranslation();
  const ratings = f.up + f.down;
  const of = (n: number) =>
    f.questions ? t("overview.ofQuestions", { percent: formatPercent(n, f.questions) }) : "";
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm">
      <Tile
        icon={IconMessageQuestion}
        label={t("overview.questions")}
        value={formatNumber(f.questions)}
        id="questions"
      >
        {f.dead > 0 && (
          <span className={classes.bad} title={t("overview.deadHint")}>
            {t("overview.dead")}: {formatNumber(f.dead)}
          </span>
        )}
      </Tile>
      <Tile
        icon={IconCircleCheck}
        label={t("overview.answered")}
        value={formatNumber(f.answered)}
        id="answered"
      >
        {of(f.answered)}
      </Tile>
      <Tile icon={IconHelpCircle} label={t("overview.unknown")} value={formatNumber(f.unknown)} id="unknown">
        {of(f.unknown)}
      </Tile>
      <Tile
        icon={IconThumbUp}
        label={t("overview.thumbs")}
        id="thumbs"
        value={
          <Group gap={14} wrap="nowrap" component="span">
            <span className={classes.pair}>
              <IconThumbUp size={17} aria-label={t("overview.thumbsUp")} color="var(--p-good)" />
              {formatNumber(f.up)}
            </span>
            <span className={classes.pair}>
              <IconThumbDown size={17} aria-label={t("overview.thumbsDown")} color="var(--p-bad)" />
              {formatNumber(f.down)}
            </span>
          </Group>
        }
      >
        {ratings ? t("overview.good", { percent: formatPercent(f.up, ratings) }) : t("overview.noRatings")}
      </Tile>
      <Tile
        icon={IconClock}
        label={t("overview.latency")}
        value={formatMs(f.questions ? f.p50_ms : null)}
        id="latency"
      >
        {f.questions > 0 && t("overview.p95Short", { time: formatMs(f.p95_ms) })}
      </Tile>
      <Tile
        icon={IconCoins}
        label={t("overview.tokens")}
        value={formatCompact(f.input_tokens + f.output_tokens)}
        id="tokens"
      >
        {f.input_tokens + f.output_tokens > 0 &&
          t("overview.tokensSplit", {
            input: formatCompact(f.input_tokens),
            output: formatCompact(f.output_tokens),
          })}
      </Tile>
    </SimpleGrid>
  );
}

interface TileProps {
  icon: Icon;
  label: string;
  value: ReactNode;
  id: string;
  children?: ReactNode;
}

function Tile({ icon: Sign, label, value, id, children }: TileProps) {
  return (
    <Card className={classes.tile} data-testid={`tile-${id}`}>
      <Group gap={7} wrap="nowrap" c="dimmed">
        <Sign size={16} stroke={1.8} aria-hidden />
        <Text size="sm" truncate>
          {label}
        </Text>
      </Group>
      <div className={`${classes.value} num`}>{value}</div>
      <Text size="xs" c="dimmed" className={`${classes.note} num`}>
        {children}
      </Text>
    </Card>
  );
}
