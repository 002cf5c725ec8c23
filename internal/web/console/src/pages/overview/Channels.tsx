import { Badge, Box, Group, SimpleGrid, Text } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { ChannelHealth } from "../../api/types";
import { Ago } from "../../parts/Ago";
import { Card } from "../../parts/Card";
import { EmptyState } from "../../parts/EmptyState";
import { formatNumber } from "../../parts/format";
import classes from "./Channels.module.css";

/** The health of each channel: not only whether a socket is open, but when it last gave a sign of life. */
export function Channels({ channels }: { channels: ChannelHealth[] }) {
  const { t } = useTranslation();
  return (
    <Box component="section">
      <Text component="h2" fw={600} size="md" mt="xs" mb="sm">
        {t("overview.channels")}
      </Text>
      {channels.length === 0 ? (
        <Card>
          <EmptyState
            compact
            icon={IconPlugConnectedX}
            title={t("overview.channelsEmpty")}
            text={t("overview.channelsEmptyText")}
          />
        </Card>
      ) : (
        <SimpleGrid cols={{ base: 1, sm: 2, lg: channels.length === 1 ? 2 : 3 }}>
          {channels.map((c) => (
            <Channel key={c.name} channel={c} />
          ))}
        </SimpleGrid>
      )}
    </Box>
  );
}

const tones = {
  connected: "parley",
  connecting: "yellow",
  waiting: "yellow",
  standby: "gray",
  stopped: "red",
};

function Channel({ channel: c }: { channel: ChannelHealth }) {
  const { t } = useTranslation();
  return (
    <Card data-testid="channel-health" data-name={c.name} data-state={c.state}>
      <Group justify="space-between" wrap="nowrap" mb="sm" align="flex-start">
        <Box miw={0}>
          <Text fw={600} truncate>
            {c.name}
          </Text>
          <Text size="xs" c="dimmed">
            {c.kind}
          </Text>
        </Box>
        <Badge
          color={tones[c.state]}
          className={classes.state}
          leftSection={<span className={classes.dot} aria-hidden />}
        >
          {t(`overview.state.${c.state}`)}
        </Badge>
      </Group>
      <dl className={classes.facts}>
        <Fact label={t("overview.since")}>
          <Ago at={c.since} />
        </Fact>
        <Fact label={t("overview.lastFrame")}>
          <Ago at={c.last_frame_at} />
        </Fact>
        <Fact label={t("overview.lastIn")}>
          <Ago at={c.last_in_at} />
        </Fact>
        <Fact label={t("overview.lastOut")}>
          <Ago at={c.last_out_at} />
        </Fact>
        <Fact label={t("overview.waiting")}>{formatNumber(c.waiting)}</Fact>
        <Fact label={t("overview.restarts")}>{formatNumber(c.restarts)}</Fact>
      </dl>
      {c.state === "standby" && (
        <Text size="sm" c="dimmed" mt="sm">
          {t("overview.standbyText")}
        </Text>
      )}
      {c.error && (
        <Text size="sm" className={classes.error} mt="sm">
          {c.error}
        </Text>
      )}
    </Card>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}
