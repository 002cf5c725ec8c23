import { Text, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./VariableList.module.css";

const explained = ["Assistant", "Language", "Question", "Passages", "History", "Date"] as const;
type Explained = (typeof explained)[number];

/** The variables of a prompt, to be put in at the cursor. */
export function VariableList({
  variables,
  onInsert,
}: {
  variables: string[];
  onInsert: (name: string) => void;
}) {
  const { t } = useTranslation();
  return (
    <div className={classes.bar} role="toolbar" aria-label={t("prompts.variables")}>
      <Text size="xs" c="dimmed" mr={4}>
        {t("prompts.variables")}
      </Text>
      {variables.map((name) => (
        <Tooltip
          key={name}
          label={explained.includes(name as Explained) ? t(`prompts.variable.${name as Explained}`) : name}
        >
          <button
            type="button"
            className={classes.variable}
            onClick={() => onInsert(name)}
            aria-label={t("prompts.variableInsert", { name })}
            data-testid="prompt-variable"
            data-name={name}
          >
            {`{{.${name}}}`}
          </button>
        </Tooltip>
      ))}
    </div>
  );
}
