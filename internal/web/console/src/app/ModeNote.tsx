import { HoverCard, Text, UnstyledButton } from "@mantine/core";
import { IconQuote } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./ModeNote.module.css";
import { useSession } from "./session";

/** Says in sight of every page that no model writes the answers. Nothing when one does. */
export function ModeNote() {
  const { t } = useTranslation();
  const { model } = useSession();
  if (model.configured) return null;
  return (
    <HoverCard position="right-end" width={260} shadow="md" withArrow>
      <HoverCard.Target>
        <UnstyledButton className={classes.note}>
          <IconQuote size={16} aria-hidden />
          {t("common.extractive")}
        </UnstyledButton>
      </HoverCard.Target>
      <HoverCard.Dropdown>
        <Text size="sm">{t("common.extractiveHint")}</Text>
      </HoverCard.Dropdown>
    </HoverCard>
  );
}
