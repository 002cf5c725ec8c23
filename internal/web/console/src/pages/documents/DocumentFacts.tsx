import { Anchor, Badge, Group, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Document } from "../../api/types";
import { useCan } from "../../app/session";
import { Ago } from "../../parts/Ago";
import { Facts } from "../../parts/Facts";
import { formatBytes, formatNumber } from "../../parts/format";
import { safeLink } from "../../parts/links";

export function DocumentFacts({ document: d }: { document: Document }) {
  const { t } = useTranslation();
  const can = useCan();
  const link = safeLink(d.url);
  const version =
    d.live_version === d.version
      ? t("documents.versionLive", { version: d.version })
      : d.live_version > 0
        ? t("documents.versionPending", { version: d.version, live: d.live_version })
        : t("documents.versionNone", { version: d.version });
  return (
    <Facts
      items={[
        [t("documents.column.name"), d.name],
        [t("documents.version"), version],
        [t("documents.type"), d.type || t("common.unknown")],
        [t("documents.size"), formatBytes(d.size)],
        [t("documents.chunks"), formatNumber(d.chunks)],
        [t("documents.addedBy"), d.added_by || "–"],
        [t("documents.created"), <Ago key="c" at={d.created_at} />],
        [t("documents.updated"), <Ago key="u" at={d.updated_at} />],
        [
          t("documents.fingerprint"),
          <Tooltip
            key="h"
            label={d.hash}
            multiline
            maw={340}
            styles={{ tooltip: { overflowWrap: "anywhere" } }}
          >
            <code>{d.hash.slice(0, 16)}…</code>
          </Tooltip>,
        ],
        // Those who may edit see labels and address in the form below.
        ...(can("documents.write")
          ? []
          : [
              [
                t("documents.labels"),
                d.labels.length ? (
                  <Group key="l" gap={5}>
                    {d.labels.map((l) => (
                      <Badge key={l} size="sm" color="gray">
                        {l}
                      </Badge>
                    ))}
                  </Group>
                ) : (
                  t("common.none")
                ),
              ] as const,
              [
                t("documents.url"),
                link ? (
                  <Anchor key="a" href={link} target="_blank" rel="noopener noreferrer" size="sm">
                    {d.url}
                  </Anchor>
                ) : (
                  d.url || "–"
                ),
              ] as const,
            ]),
      ]}
    />
  );
}
