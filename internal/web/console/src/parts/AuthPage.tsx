import { Box, Center, Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Logo } from "../app/Logo";
import { Switches } from "../app/Switches";
import classes from "./AuthPage.module.css";
import { Card } from "./Card";

/** The page for those who are not signed in: one card in the middle. */
export function AuthPage({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · Parley`;
  }, [title]);
  return (
    <Box component="main" className={classes.page}>
      <Group justify="flex-end" p="md">
        <Switches />
      </Group>
      <Center className={classes.middle} px="md" pb={80}>
        <Stack gap="lg" w="100%" maw={408}>
          <Stack gap={8} align="center">
            <Logo size={36} />
            <Text c="dimmed" size="sm" ta="center">
              {t("auth.tagline")}
            </Text>
          </Stack>
          <Card p="xl">
            <Title order={1} fz={20}>
              {title}
            </Title>
            <Text c="dimmed" size="sm" mb="lg">
              {text}
            </Text>
            {children}
          </Card>
        </Stack>
      </Center>
    </Box>
  );
}
