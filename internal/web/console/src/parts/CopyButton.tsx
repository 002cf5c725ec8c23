import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

export function CopyButton({ value }: { value: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      // Without https the browser has no clipboard for us.
      notifications.show({ message: t("common.copyFailed"), color: "yellow" });
    }
  };
  return (
    <Button
      size="sm"
      variant="light"
      onClick={copy}
      leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
      aria-live="polite"
    >
      {copied ? t("common.copied") : t("common.copy")}
    </Button>
  );
}
