import { Tabs } from "@mantine/core";
import { IconKey, IconServer2, IconUser, IconUsers, IconVector } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { useCan } from "../../app/session";
import { PageHeader } from "../../parts/PageHeader";
import { Embedding } from "./Embedding";
import { Keys } from "./Keys";
import { Profile } from "./Profile";
import { System } from "./System";
import { Users } from "./Users";

export default function Settings() {
  const { t } = useTranslation();
  const can = useCan();
  const navigate = useNavigate();
  const { tab } = useParams();
  const tabs = [
    { id: "profile", icon: IconUser, shown: true, panel: <Profile /> },
    { id: "users", icon: IconUsers, shown: can("users.write"), panel: <Users /> },
    { id: "keys", icon: IconKey, shown: can("keys.write"), panel: <Keys /> },
    { id: "embedding", icon: IconVector, shown: can("channels.write"), panel: <Embedding /> },
    { id: "system", icon: IconServer2, shown: true, panel: <System /> },
  ] as const;
  const shown = tabs.filter((x) => x.shown);
  const current = shown.find((x) => x.id === tab)?.id ?? "profile";
  return (
    <>
      <PageHeader title={t("settings.title")} />
      <Tabs value={current} onChange={(id) => navigate(`/settings/${id}`)} keepMounted={false}>
        <Tabs.List mb="lg">
          {shown.map(({ id, icon: Sign }) => (
            <Tabs.Tab
              key={id}
              value={id}
              leftSection={<Sign size={16} aria-hidden />}
              data-testid={`tab-${id}`}
            >
              {t(`settings.tabs.${id}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {shown.map(({ id, panel }) => (
          <Tabs.Panel key={id} value={id}>
            {panel}
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}
