import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { FormError } from "./ErrorState";

interface Props {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode; // what will happen
  action: string; // the word on the button
  danger?: boolean;
  onConfirm: () => Promise<unknown>;
}

/** Asks before something that cannot be taken back. It stays open, with the reason, when it fails. */
export function Confirm({ opened, onClose, title, children, action, danger, onConfirm }: Props) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const close = () => {
    setError(null);
    onClose();
  };
  const confirm = async () => {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      close();
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={<Text fw={650}>{title}</Text>}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <Stack gap="md">
        <Text size="sm" component="div" className="break">
          {children}
        </Text>
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            {t("common.cancel")}
          </Button>
          <Button
            color={danger ? "red" : undefined}
            loading={busy}
            onClick={confirm}
            data-testid="confirm"
            data-autofocus
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
