import { ActionIcon, Avatar, Badge, Box, Button, Group, Menu, Text } from "@mantine/core";
import { IconDots, IconLock, IconLockOpen, IconPencil, IconTrash, IconUserPlus } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { body, client, done } from "../../api/client";
import { keys } from "../../api/keys";
import type { User } from "../../api/types";
import { useSession } from "../../app/session";
import { Ago } from "../../parts/Ago";
import { Card } from "../../parts/Card";
import { Confirm } from "../../parts/Confirm";
import { ErrorState } from "../../parts/ErrorState";
import { tellError } from "../../parts/notify";
import { RowsSkeleton } from "../../parts/PageSkeleton";
import classes from "./List.module.css";
import { UserDialog } from "./UserDialog";

/** Who may sign in. Owners are only for owners to change; nobody locks themselves out here. */
export function Users() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { user: me } = useSession();
  const [dialog, setDialog] = useState<{ user?: User } | null>(null);
  const [deleting, setDeleting] = useState<User | null>(null);
  const query = useQuery({
    queryKey: keys.users,
    queryFn: async () => (await body(client.GET("/users"))).users,
  });
  const refresh = () => queries.invalidateQueries({ queryKey: keys.users });
  const setDisabled = (u: User, disabled: boolean) =>
    body(client.PATCH("/users/{id}", { params: { path: { id: u.id } }, body: { disabled } })).then(
      refresh,
      tellError,
    );
  return (
    <>
      <Group justify="space-between" mb="md">
        <Text size="sm" c="dimmed">
          {t("settings.users.text")}
        </Text>
        <Button
          leftSection={<IconUserPlus size={17} aria-hidden />}
          onClick={() => setDialog({})}
          data-testid="user-new"
        >
          {t("settings.users.add")}
        </Button>
      </Group>
      {query.isError && !query.data ? (
        <ErrorState error={query.error} onRetry={() => query.refetch()} />
      ) : !query.data ? (
        <RowsSkeleton />
      ) : (
        <Card p={0}>
          <ul className={classes.list}>
            {query.data.map((u) => (
              <li
                key={u.id}
                className={classes.row}
                data-testid="user-row"
                data-username={u.username}
                data-role={u.role}
              >
                <Avatar
                  size={36}
                  radius="xl"
                  color={u.disabled ? "gray" : "parley"}
                  name={u.name || u.username}
                />
                <Box className={classes.main}>
                  <Group gap={6}>
                    <Text fw={600} size="sm">
                      {u.name || u.username}
                    </Text>
                    {u.id === me.id && <Badge size="sm">{t("settings.users.you")}</Badge>}
                    {u.disabled && (
                      <Badge size="sm" color="red">
                        {t("settings.users.disabled")}
                      </Badge>
                    )}
                  </Group>
                  <Text size="xs" c="dimmed">
                    {u.username} · {t("settings.users.lastSeen")} <Ago at={u.last_sign_in_at} />
                  </Text>
                </Box>
                <Badge color="gray">{t(`settings.roles.${u.role}`)}</Badge>
                {u.id !== me.id && (u.role !== "owner" || me.role === "owner") ? (
                  <Menu>
                    <Menu.Target>
                      <ActionIcon
                        aria-label={t("common.actions", { name: u.username })}
                        data-testid="user-menu-row"
                      >
                        <IconDots size={17} aria-hidden />
                      </ActionIcon>
                    </Menu.Target>
                    <Menu.Dropdown>
                      <Menu.Item
                        leftSection={<IconPencil size={16} aria-hidden />}
                        onClick={() => setDialog({ user: u })}
                      >
                        {t("common.edit")}
                      </Menu.Item>
                      <Menu.Item
                        leftSection={
                          u.disabled ? (
                            <IconLockOpen size={16} aria-hidden />
                          ) : (
                            <IconLock size={16} aria-hidden />
                          )
                        }
                        onClick={() => setDisabled(u, !u.disabled)}
                      >
                        {u.disabled ? t("settings.users.enable") : t("settings.users.disable")}
                      </Menu.Item>
                      <Menu.Item
                        color="red"
                        leftSection={<IconTrash size={16} aria-hidden />}
                        onClick={() => setDeleting(u)}
                      >
                        {t("settings.users.delete")}
                      </Menu.Item>
                    </Menu.Dropdown>
                  </Menu>
                ) : (
                  <span className={classes.noMenu} />
                )}
              </li>
            ))}
          </ul>
        </Card>
      )}
      <UserDialog state={dialog} onClose={() => setDialog(null)} onSaved={refresh} />
      <Confirm
        opened={deleting !== null}
        onClose={() => setDeleting(null)}
        title={t("settings.users.delete")}
        action={t("common.delete")}
        danger
        onConfirm={async () => {
          if (!deleting) return;
          await done(client.DELETE("/users/{id}", { params: { path: { id: deleting.id } } }));
          await refresh();
        }}
      >
        {t("settings.users.deleteText", { name: deleting?.name || deleting?.username })}
      </Confirm>
    </>
  );
}
