import { Button, Group, Modal, Text } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useBlocker } from "react-router";

/** Asks before changes that were not saved are left behind, by a link or by closing the tab. */
export function LeaveGuard({ active }: { active: boolean }) {
  const { t } = useTranslation();
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) => active && currentLocation.pathname !== nextLocation.pathname,
  );
  useEffect(() => {
    if (!active) return;
    const warn = (e: BeforeUnloadEvent) => e.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [active]);
  return (
    <Modal opened={blocker.state === "blocked"} onClose={() => blocker.reset?.()} withCloseButton={false}>
      <Text size="sm" mb="md">
        {t("prompts.leaveText")}
      </Text>
      <Group justify="flex-end" gap="xs">
        <Button variant="default" data-autofocus onClick={() => blocker.reset?.()}>
          {t("prompts.stay")}
        </Button>
        <Button color="red" onClick={() => blocker.proceed?.()} data-testid="leave">
          {t("prompts.leave")}
        </Button>
      </Group>
    </Modal>
  );
}
