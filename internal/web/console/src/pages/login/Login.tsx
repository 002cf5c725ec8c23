import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, useLocation } from "react-router";
import { body, client } from "../../api/client";
import { keys } from "../../api/keys";
import { useSessionQuery } from "../../app/session";
import { AuthPage } from "../../parts/AuthPage";
import { FormError } from "../../parts/ErrorState";

/** Where to go after signing in: only addresses of our own, as the router keeps them. */
function target(state: unknown): string {
  const to = (state as { to?: unknown } | null)?.to;
  return typeof to === "string" && to.startsWith("/") && !to.startsWith("//") ? to : "/";
}

export function Login() {
  const { t } = useTranslation();
  const location = useLocation();
  const queries = useQueryClient();
  const session = useSessionQuery();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const setup = useQuery({ queryKey: keys.setup, queryFn: () => body(client.GET("/setup")) });
  const signIn = useMutation({
    mutationFn: () => body(client.POST("/session", { body: { username, password } })),
    meta: { signsIn: true },
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.session }),
  });

  if (session.data) return <Navigate to={target(location.state)} replace />;
  const submit = (e: FormEvent) => {
    e.preventDefault();
    signIn.mutate();
  };
  return (
    <AuthPage title={t("auth.signInTitle")} text={t("auth.signInText")}>
      {setup.data?.needed && (
        <Alert mb="md" icon={<IconInfoCircle aria-hidden />} title={t("auth.notSetUp")} color="yellow">
          {t("auth.notSetUpText")}
        </Alert>
      )}
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label={t("auth.username")}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            required
            withAsterisk={false}
            value={username}
            onChange={(e) => setUsername(e.currentTarget.value)}
            data-testid="login-username"
          />
          <PasswordInput
            label={t("auth.password")}
            autoComplete="current-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ "aria-label": t("common.showPassword") }}
            value={password}
            onChange={(e) => setPassword(e.currentTarget.value)}
            data-testid="login-password"
          />
          <FormError error={signIn.error} />
          <Button type="submit" fullWidth loading={signIn.isPending} data-testid="login-submit">
            {t("auth.signIn")}
          </Button>
        </Stack>
      </form>
    </AuthPage>
  );
}
