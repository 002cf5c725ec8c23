import {
  Alert,
  Button,
  Checkbox,
  Code,
  Group,
  Modal,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { body, client } from "../../api/client";
import { type Permission, permissions } from "../../app/permissions";
import { useSession } from "../../app/session";
import { CopyButton } from "../../parts/CopyButton";
import { FormError } from "../../parts/ErrorState";

interface Props {
  opened: boolean;
  onClose: () => void;
  onCreated: () => void;
}

/** Makes a key and shows its secret, once: the dialog then closes only by the word that it is stored. */
export function KeyDialog({ opened, onClose, onCreated }: Props) {
  const { t } = useTranslation();
  const [secret, setSecret] = useState("");
  const close = () => {
    setSecret("");
    onClose();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={<Text fw={650}>{secret ? t("settings.keys.secretTitle") : t("settings.keys.add")}</Text>}
      closeOnClickOutside={!secret}
      closeOnEscape={!secret}
      withCloseButton={!secret}
      closeButtonProps={{ "aria-label": t("common.close") }}
      size="lg"
    >
      {secret ? (
        <Stack>
          <Alert color="yellow" icon={<IconKey aria-hidden />}>
            {t("settings.keys.secretText")}
          </Alert>
          <Group wrap="nowrap" align="stretch">
            <Code
              block
              flex={1}
              className="break"
              style={{ whiteSpace: "pre-wrap" }}
              data-testid="key-secret"
            >
              {secret}
            </Code>
            <CopyButton value={secret} />
          </Group>
          <Group justify="flex-end">
            <Button onClick={close} data-testid="key-done">
              {t("settings.keys.secretDone")}
            </Button>
          </Group>
        </Stack>
      ) : (
        <Form
          onClose={close}
          onCreated={(s) => {
            setSecret(s);
            onCreated();
          }}
        />
      )}
    </Modal>
  );
}

const lifetimes = { d30: 30, d90: 90, d365: 365, never: 0 } as const;
type Lifetime = keyof typeof lifetimes;

function Form({ onClose, onCreated }: { onClose: () => void; onCreated: (secret: string) => void }) {
  const { t } = useTranslation();
  const session = useSession();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<Permission[]>([]);
  const [lifetime, setLifetime] = useState<Lifetime>("d90");
  const create = useMutation({
    mutationFn: () => {
      const days = lifetimes[lifetime];
      const expires_at = days ? new Date(Date.now() + days * 86_400_000).toISOString() : undefined;
      return body(client.POST("/keys", { body: { name, permissions: chosen, expires_at } }));
    },
    onSuccess: (made) => onCreated(made.secret),
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    create.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label={t("settings.keys.name")}
          placeholder={t("settings.keys.namePlaceholder")}
          required
          withAsterisk={false}
          maxLength={100}
          data-autofocus
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          data-testid="key-name"
        />
        <Checkbox.Group
          label={t("settings.keys.permissions")}
          value={chosen}
          onChange={(v) => setChosen(v as Permission[])}
        >
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing={8} mt={6}>
            {permissions
              .filter((p) => session.permissions.includes(p))
              .map((p) => (
                <Checkbox
                  key={p}
                  value={p}
                  label={t(`settings.permission.${p}` as never)}
                  data-testid={`key-permission-${p}`}
                />
              ))}
          </SimpleGrid>
        </Checkbox.Group>
        <Select
          label={t("settings.keys.expires")}
          w={180}
          allowDeselect={false}
          data={(Object.keys(lifetimes) as Lifetime[]).map((k) => ({
            value: k,
            label: t(`settings.keys.expiry.${k}`),
          }))}
          value={lifetime}
          onChange={(v) => v && setLifetime(v as Lifetime)}
        />
        <FormError error={create.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            type="submit"
            loading={create.isPending}
            disabled={!name.trim() || chosen.length === 0}
            data-testid="key-create"
          >
            {t("settings.keys.create")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
