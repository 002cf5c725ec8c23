import { Alert, Button, Stack, Text, TextInput } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useSearchParams } from "react-router";
import { body, client } from "../../api/client";
import { keys } from "../../api/keys";
import { AuthPage } from "../../parts/AuthPage";
import { FormError } from "../../parts/ErrorState";
import { NewPassword } from "../../parts/PasswordFields";
import { minPassword } from "../../parts/strength";

/** Makes the first account, with the token of the one-time link. */
export function Setup() {
  const { t } = useTranslation();
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const token = params.get("token") ?? "";
  const [name, setName] = useState("");
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const setup = useQuery({ queryKey: keys.setup, queryFn: () => body(client.GET("/setup")) });
  const create = useMutation({
    mutationFn: () => body(client.POST("/setup", { body: { token, username, name, password } })),
    meta: { signsIn: true },
    onSuccess: async () => {
      queries.setQueryData(keys.setup, { needed: false });
      await queries.invalidateQueries({ queryKey: keys.session });
      navigate("/", { replace: true });
    },
  });

  if (setup.data && !setup.data.needed && !create.isSuccess) {
    return <Note title={t("auth.setupDone")} text={t("auth.setupDoneText")} />;
  }
  if (!token) return <Note title={t("auth.setupMissing")} text={t("auth.setupMissingText")} />;
  const submit = (e: FormEvent) => {
    e.preventDefault();
    create.mutate();
  };
  return (
    <AuthPage title={t("auth.setupTitle")} text={t("auth.setupText")}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label={t("auth.name")}
            placeholder={t("auth.namePlaceholder")}
            autoComplete="name"
            autoFocus
            maxLength={100}
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
            data-testid="setup-name"
          />
          <TextInput
            label={t("auth.username")}
            description={t("auth.usernameHint")}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            withAsterisk={false}
            maxLength={64}
            value={username}
            onChange={(e) => setUsername(e.currentTarget.value)}
            data-testid="setup-username"
          />
          <NewPassword
            label={t("auth.password")}
            description={t("auth.strengthHint")}
            withAsterisk={false}
            minLength={minPassword}
            username={username}
            value={password}
            onChange={setPassword}
            data-testid="setup-password"
          />
          <FormError error={create.error} />
          <Button type="submit" fullWidth loading={create.isPending} data-testid="setup-submit">
            {t("auth.createAccount")}
          </Button>
        </Stack>
      </form>
    </AuthPage>
  );
}

function Note({ title, text }: { title: string; text: string }) {
  const { t } = useTranslation();
  return (
    <AuthPage title={title} text="">
      <Alert icon={<IconInfoCircle aria-hidden />}>{text}</Alert>
      <Text mt="md" size="sm">
        <Link to="/login">{t("auth.toSignIn")}</Link>
      </Text>
    </AuthPage>
  );
}
