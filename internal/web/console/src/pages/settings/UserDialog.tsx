import { Button, Group, Modal, Radio, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { body, client } from "../../api/client";
import type { Role, User } from "../../api/types";
import { useSession } from "../../app/session";
import { FormError } from "../../parts/ErrorState";
import { tell } from "../../parts/notify";
import { NewPassword } from "../../parts/PasswordFields";

interface Props {
  state: { user?: User } | null; // null: closed; without a user: a new one
  onClose: () => void;
  onSaved: () => void;
}

export function UserDialog({ state, onClose, onSaved }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={state !== null}
      onClose={onClose}
      title={<Text fw={650}>{state?.user ? t("settings.users.edit") : t("settings.users.add")}</Text>}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {state && <Form user={state.user} onClose={onClose} onSaved={onSaved} />}
    </Modal>
  );
}

const roles: Role[] = ["owner", "admin", "editor", "viewer"];

function Form({ user, onClose, onSaved }: { user?: User; onClose: () => void; onSaved: () => void }) {
  const { t } = useTranslation();
  const { user: me } = useSession();
  const [username, setUsername] = useState(user?.username ?? "");
  const [name, setName] = useState(user?.name ?? "");
  const [role, setRole] = useState<Role>(user?.role ?? "editor");
  const [password, setPassword] = useState("");
  const save = useMutation({
    mutationFn: () =>
      user
        ? body(
            client.PATCH("/users/{id}", {
              params: { path: { id: user.id } },
              body: { name, role: role !== user.role ? role : undefined, password: password || undefined },
            }),
          )
        : body(client.POST("/users", { body: { username, name, role, password } })),
    onSuccess: () => {
      onSaved();
      onClose();
      tell(user ? t("common.saved") : t("settings.users.added", { name: name || username }));
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit} autoComplete="off">
      <Stack gap="md">
        <TextInput
          label={t("settings.users.username")}
          description={user ? undefined : t("auth.usernameHint")}
          required
          withAsterisk={false}
          disabled={user !== undefined}
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
          value={username}
          onChange={(e) => setUsername(e.currentTarget.value)}
          data-testid="user-username"
        />
        <TextInput
          label={t("settings.users.name")}
          maxLength={100}
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          data-testid="user-name"
        />
        <Radio.Group label={t("settings.users.role")} value={role} onChange={(v) => setRole(v as Role)}>
          <Stack gap={8} mt={6}>
            {roles
              .filter((r) => r !== "owner" || me.role === "owner")
              .map((r) => (
                <Radio
                  key={r}
                  value={r}
                  label={t(`settings.roles.${r}`)}
                  description={t(`settings.roleText.${r}`)}
                  data-testid={`role-${r}`}
                />
              ))}
          </Stack>
        </Radio.Group>
        <NewPassword
          label={user ? t("settings.users.newPassword") : t("settings.users.password")}
          description={user ? t("settings.users.newPasswordHint") : undefined}
          required={!user}
          withAsterisk={false}
          username={username}
          value={password}
          onChange={setPassword}
          data-testid="user-password"
        />
        <FormError error={save.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending} data-testid="user-save">
            {t("common.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
