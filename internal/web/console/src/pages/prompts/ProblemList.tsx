import { Group, Loader, Text } from "@mantine/core";
import { IconAlertCircle, IconCircleCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { PromptCheck } from "../../api/types";
import classes from "./ProblemList.module.css";
import { problemSentence } from "./words";

interface Props {
  problems: PromptCheck["problems"] | null; // null: not checked yet
  onGo?: (line: number, column: number) => void;
}

/** What the live check found, by line; a click leads there. */
export function ProblemList({ problems, onGo }: Props) {
  const { t } = useTranslation();
  if (problems === null) {
    return (
      <Group gap={7} className={classes.line}>
        <Loader size={13} aria-hidden />
        <Text size="sm" c="dimmed">
          {t("prompts.checking")}
        </Text>
      </Group>
    );
  }
  if (problems.length === 0) {
    return (
      <Group gap={7} className={classes.line} data-testid="prompt-check" data-ok="true">
        <IconCircleCheck size={16} color="var(--p-good)" aria-hidden />
        <Text size="sm" c="dimmed">
          {t("prompts.checkOk")}
        </Text>
      </Group>
    );
  }
  return (
    <div className={classes.problems} data-testid="prompt-check" data-ok="false" role="status">
      <Text size="sm" fw={600} className={classes.bad}>
        {t("prompts.problems", { count: problems.length })}
      </Text>
      <ul className={classes.list}>
        {problems.map((p) => (
          <li key={`${p.line}:${p.column}:${p.code}:${p.message}`}>
            <button
              type="button"
              className={classes.problem}
              onClick={() => onGo?.(p.line, p.column)}
              data-testid="prompt-problem"
            >
              <IconAlertCircle size={15} aria-hidden className={classes.sign} />
              <span>
                <span className="num">{t("prompts.problemAt", { line: p.line, column: p.column })}</span>
                {": "}
                {problemSentence(p.code, p.message, t)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
