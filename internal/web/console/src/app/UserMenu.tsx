import { Avatar, Menu, Text, UnstyledButton } from "@mantine/core";
import { IconLogout, IconMessageCircle, IconSelector, IconSettings } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { client, done } from "../api/client";
import { keys } from "../api/keys";
import { tellError } from "../parts/notify";
import { useSession } from "./session";
import classes from "./UserMenu.module.css";

export function UserMenu({ onNavigate }: { onNavigate: () => void }) {
  const { t } = useTranslation();
  const { user } = useSession();
  const queries = useQueryClient();
  const name = user.name || user.username;
  const signOut = async () => {
    try {
      await done(client.DELETE("/session"));
    } catch (error) {
      tellError(error);
      return;
    }
    // First the page goes, then what it showed: a removed query tells its page nothing.
    queries.setQueryData(keys.session, null);
    queries.removeQueries({ predicate: (q) => q.queryKey[0] !== keys.session[0] });
  };
  return (
    <Menu position="top-start" width={210}>
      <Menu.Target>
        <UnstyledButton
          className={classes.target}
          aria-label={`${t("common.account")}: ${name}`}
          data-testid="user-menu"
        >
          <Avatar size={32} radius="xl" color="parley" name={name} />
          <span className={classes.text}>
            <Text size="sm" fw={600} truncate>
              {name}
            </Text>
            <Text size="xs" c="dimmed" truncate>
              {t(`settings.roles.${user.role}`)}
            </Text>
          </span>
          <IconSelector size={16} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          component="a"
          href="/chat"
          target="_blank"
          rel="noopener"
          leftSection={<IconMessageCircle size={16} aria-hidden />}
        >
          {t("common.nav.chat")}
        </Menu.Item>
        <Menu.Item
          component={Link}
          to="/settings"
          onClick={onNavigate}
          leftSection={<IconSettings size={16} aria-hidden />}
        >
          {t("common.nav.settings")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          onClick={signOut}
          leftSection={<IconLogout size={16} aria-hidden />}
          data-testid="sign-out"
        >
          {t("common.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
