import {
  Avatar,
  Box,
  Button,
  Group,
  PasswordInput,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Text,
  useMantineColorScheme,
} from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { client, done } from "../../api/client";
import { useSession } from "../../app/session";
import { chooseLanguage, currentLanguage, type Language } from "../../i18n";
import { Card } from "../../parts/Card";
import { FormError } from "../../parts/ErrorState";
import { tell } from "../../parts/notify";
import { NewPassword } from "../../parts/PasswordFields";
import { minPassword } from "../../parts/strength";
import { SectionTitle } from "./SectionTitle";

/** What belongs to whoever is signed in: looks, and the password. */
export function Profile() {
  const { t } = useTranslation();
  const { user } = useSession();
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <Stack gap="md">
        <Card p="lg">
          <SectionTitle title={t("settings.profile.signedInAs")} />
          <Group wrap="nowrap">
            <Avatar size={46} radius="xl" color="parley" name={user.name || user.username} />
            <Box miw={0}>
              <Text fw={600} truncate>
                {user.name || user.username}
              </Text>
              <Text size="sm" c="dimmed" truncate>
                {user.username} · {t(`settings.roles.${user.role}`)}
              </Text>
            </Box>
          </Group>
        </Card>
        <Appearance />
      </Stack>
      <Password />
    </SimpleGrid>
  );
}

function Appearance() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Card p="lg">
      <SectionTitle title={t("settings.profile.appearance")} />
      <Stack gap="md">
        <Box>
          <Text size="sm" fw={500} mb={4}>
            {t("settings.profile.language")}
          </Text>
          <SegmentedControl
            fullWidth
            aria-label={t("settings.profile.language")}
            value={currentLanguage()}
            onChange={(l) => chooseLanguage(l as Language)}
            data={[
              { value: "en", label: "English" },
              { value: "zh-CN", label: "简体中文" },
            ]}
          />
        </Box>
        <Box>
          <Text size="sm" fw={500} mb={4}>
            {t("settings.profile.theme")}
          </Text>
          <SegmentedControl
            fullWidth
            aria-label={t("settings.profile.theme")}
            value={colorScheme}
            onChange={(v) => setColorScheme(v as "light" | "dark" | "auto")}
            data={[
              { value: "light", label: t("settings.profile.light") },
              { value: "dark", label: t("settings.profile.dark") },
              { value: "auto", label: t("settings.profile.system") },
            ]}
          />
        </Box>
      </Stack>
    </Card>
  );
}

function Password() {
  const { t } = useTranslation();
  const { user } = useSession();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation({
    mutationFn: () => done(client.POST("/session/password", { body: { current, new: next } })),
    onSuccess: () => {
      setCurrent("");
      setNext("");
      tell(t("settings.profile.changed"));
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    change.mutate();
  };
  return (
    <Card p="lg" h="fit-content">
      <SectionTitle title={t("settings.profile.password")} text={t("settings.profile.passwordText")} />
      <form onSubmit={submit}>
        <Stack gap="md">
          <input type="text" name="username" autoComplete="username" value={user.username} readOnly hidden />
          <PasswordInput
            label={t("settings.profile.current")}
            autoComplete="current-password"
            required
            withAsterisk={false}
            maxLength={200}
            visibilityToggleButtonProps={{ "aria-label": t("common.showPassword") }}
            value={current}
            onChange={(e) => setCurrent(e.currentTarget.value)}
            data-testid="password-current"
          />
          <NewPassword
            label={t("settings.profile.new")}
            withAsterisk={false}
            minLength={minPassword}
            username={user.username}
            value={next}
            onChange={setNext}
            data-testid="password-new"
          />
          <FormError error={change.error} />
          <Group justify="flex-end">
            <Button
              type="submit"
              loading={change.isPending}
              disabled={!current || !next}
              data-testid="password-submit"
            >
              {t("settings.profile.change")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
