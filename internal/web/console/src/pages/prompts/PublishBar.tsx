import { Button, Group, Stack, TextInput, Tooltip } from "@mantine/core";
import { IconRocket } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Prompt } from "../../api/types";
import { FormError } from "../../parts/ErrorState";
import { tell } from "../../parts/notify";
import { usePromptActions } from "./data";
import classes from "./PublishBar.module.css";
import { versionTitle } from "./words";

interface Props {
  name: string;
  draft: string;
  base: Prompt | undefined; // what the draft came from
  sound: boolean; // the check found nothing
  onSaved: (saved: Prompt) => void;
}

/** Saves the draft as a version, and publishes it. Publishing an unchanged version makes no copy of it. */
export function PublishBar({ name, draft, base, sound, onSaved }: Props) {
  const { t } = useTranslation();
  const [note, setNote] = useState("");
  const { save, activate } = usePromptActions(name);
  const changed = draft !== base?.text;
  const run = useMutation({
    mutationFn: async (publish: boolean) => {
      let version = base?.version ?? 0;
      if (changed) {
        const saved = await save(draft, note.trim());
        // From here on the draft is this version: a second try after a failure makes no other.
        onSaved(saved);
        setNote("");
        version = saved.version;
      }
      if (publish) await activate(version);
      return { version, publish };
    },
    onSuccess: ({ version, publish }) =>
      tell(
        publish
          ? t("prompts.published", { version: versionTitle(version, t) })
          : t("prompts.saved", { n: version }),
      ),
  });
  const busy = run.isPending;
  return (
    <Stack gap="sm" p="md" className={classes.bar}>
      <TextInput
        label={t("prompts.note")}
        placeholder={t("prompts.notePlaceholder")}
        maxLength={1000}
        value={note}
        onChange={(e) => setNote(e.currentTarget.value)}
        data-testid="prompt-note"
      />
      <FormError error={run.error} />
      <Group justify="flex-end" gap="xs">
        <Button
          variant="default"
          disabled={!changed || !sound || busy}
          loading={busy && run.variables === false}
          onClick={() => run.mutate(false)}
          data-testid="prompt-save"
        >
          {t("prompts.saveVersion")}
        </Button>
        <Tooltip label={t("prompts.publishHint")}>
          <Button
            leftSection={<IconRocket size={16} aria-hidden />}
            disabled={(!changed && (base?.active ?? true)) || !sound || busy}
            loading={busy && run.variables === true}
            onClick={() => run.mutate(true)}
            data-testid="prompt-publish"
          >
            {t("prompts.publish")}
          </Button>
        </Tooltip>
      </Group>
    </Stack>
  );
}
