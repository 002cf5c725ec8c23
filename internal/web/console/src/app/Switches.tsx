import {
  ActionIcon,
  Button,
  Group,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { IconLanguage, IconMoon, IconSun } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { chooseLanguage, currentLanguage } from "../i18n";

/** The two switches that stand on every page: language and theme. */
export function Switches() {
  return (
    <Group gap={4} wrap="nowrap">
      <LanguageSwitch />
      <ThemeSwitch />
    </Group>
  );
}

function LanguageSwitch() {
  useTranslation();
  const other = currentLanguage() === "en" ? "zh-CN" : "en";
  const label = other === "en" ? "English" : "中文";
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      color="gray"
      fw={500}
      lang={other}
      leftSection={<IconLanguage size={16} aria-hidden />}
      onClick={() => chooseLanguage(other)}
      data-testid="lang-switch"
    >
      {label}
    </Button>
  );
}

function ThemeSwitch() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  const label = dark ? t("common.toLight") : t("common.toDark");
  return (
    <Tooltip label={label}>
      <ActionIcon
        aria-label={label}
        onClick={() => setColorScheme(dark ? "light" : "dark")}
        data-testid="theme-switch"
      >
        {dark ? <IconSun size={18} aria-hidden /> : <IconMoon size={18} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}
