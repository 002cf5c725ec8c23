import { Anchor, Badge, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { apiBase } from "../../api/client";
import { useSession } from "../../app/session";
import { Card } from "../../parts/Card";
import { Facts } from "../../parts/Facts";
import { SectionTitle } from "./SectionTitle";

/** What this server is and has. It is set in config.yaml, so here it is only read. */
export function System() {
  const { t } = useTranslation();
  const { version, model, embedder } = useSession();
  const links = [
    [t("settings.system.api"), `${apiBase}/openapi.json`],
    [t("settings.system.health"), "/readyz"],
    [t("settings.system.metrics"), "/metrics"],
  ] as const;
  return (
    <Card p="lg" maw={760}>
      <SectionTitle title="Parley" text={t("settings.system.configHint")} />
      <Facts
        items={[
          [t("settings.system.version"), version],
          [
            t("settings.system.models"),
            model.configured ? (
              <Group gap={6} key="m">
                {model.names.map((n) => (
                  <Badge key={n}>{n}</Badge>
                ))}
              </Group>
            ) : (
              t("settings.system.noModel")
            ),
          ],
          [
            t("settings.system.embedder"),
            embedder.configured ? <Badge key="e">{embedder.model}</Badge> : t("settings.system.noEmbedder"),
          ],
        ]}
      />
      <Group gap="lg" mt="lg">
        {links.map(([word, href]) => (
          <Anchor key={href} href={href} target="_blank" rel="noopener" size="sm">
            {word}
          </Anchor>
        ))}
      </Group>
      <Text size="xs" c="dimmed" mt="xs">
        {apiBase}
      </Text>
    </Card>
  );
}
