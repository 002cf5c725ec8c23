import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { IconArrowBackUp, IconGitCompare } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Prompt } from "../../api/types";
import { useCan } from "../../app/session";
import { Ago } from "../../parts/Ago";
import { Confirm } from "../../parts/Confirm";
import { tell } from "../../parts/notify";
import { CompareDialog, draftVersion } from "./CompareDialog";
import { usePromptActions } from "./data";
import classes from "./VersionList.module.css";
import { versionTitle } from "./words";

interface Props {
  name: string;
  versions: Prompt[];
  open: number; // version in the editor
  draft: string | null; // what is in the editor, if it differs
  onOpen: (v: Prompt) => void;
}

export function VersionList({ name, versions, open, draft, onOpen }: Props) {
  const { t } = useTranslation();
  const can = useCan();
  const { activate } = usePromptActions(name);
  const [back, setBack] = useState<Prompt | null>(null);
  const [compare, setCompare] = useState<{ from: number; to: number } | null>(null);
  const active = versions.find((v) => v.active);
  // Most often one wants to see what differs from what answers now.
  const compareTo = (version: number) => setCompare({ from: active?.version ?? 0, to: version });
  const usual = draft !== null ? draftVersion : open !== active?.version ? open : (versions[0]?.version ?? 0);
  return (
    <Stack gap="sm">
      <Button
        variant="default"
        size="xs"
        leftSection={<IconGitCompare size={15} aria-hidden />}
        onClick={() => compareTo(usual)}
        data-testid="prompt-diff"
      >
        {t("prompts.compareTitle")}
      </Button>
      <ul className={classes.list}>
        {versions.map((v) => (
          <li
            key={v.version}
            className={classes.version}
            data-open={v.version === open || undefined}
            data-testid="prompt-version"
            data-version={v.version}
            data-active={v.active}
          >
            <Group justify="space-between" gap={8} wrap="nowrap">
              <button
                type="button"
                className={classes.open}
                onClick={() => onOpen(v)}
                title={t("prompts.open")}
              >
                {versionTitle(v.version, t)}
              </button>
              {v.active && <Badge>{t("prompts.active")}</Badge>}
            </Group>
            <Text size="xs" c="dimmed">
              {v.version === 0 ? (
                t("prompts.defaultNote")
              ) : (
                <>
                  {v.author} · <Ago at={v.created_at} />
                </>
              )}
            </Text>
            {v.version > 0 && v.note && (
              <Text size="sm" mt={4} className="break">
                {v.note}
              </Text>
            )}
            {!v.active && (
              <Group gap={6} mt={6}>
                <Button size="compact-xs" variant="light" color="gray" onClick={() => compareTo(v.version)}>
                  {t("prompts.compare")}
                </Button>
                {can("prompts.write") && (
                  <Button
                    size="compact-xs"
                    variant="light"
                    leftSection={<IconArrowBackUp size={14} aria-hidden />}
                    onClick={() => setBack(v)}
                    data-testid="prompt-rollback"
                  >
                    {t("prompts.rollback")}
                  </Button>
                )}
              </Group>
            )}
          </li>
        ))}
      </ul>
      <Confirm
        opened={back !== null}
        onClose={() => setBack(null)}
        title={t("prompts.rollbackTitle", { version: versionTitle(back?.version ?? 0, t) })}
        action={t("prompts.rollback")}
        onConfirm={async () => {
          if (!back) return;
          await activate(back.version);
          if (draft === null) onOpen(back);
          tell(t("prompts.rolledBack", { version: versionTitle(back.version, t) }));
        }}
      >
        {t("prompts.rollbackText")}
      </Confirm>
      <CompareDialog versions={versions} draft={draft} choice={compare} onChange={setCompare} />
    </Stack>
  );
}
