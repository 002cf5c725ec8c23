import { Badge, Progress, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Document } from "../../api/types";
import { isRunning } from "./data";
import classes from "./StageBadge.module.css";

/** Where the ingestion stands: a word when it is over, a bar while it goes on. */
export function StageBadge({ document: d }: { document: Document }) {
  const { t } = useTranslation();
  const word = t(`documents.stage.${d.stage}`);
  if (isRunning(d)) {
    const percent = Math.round(d.progress * 100);
    return (
      <div className={classes.run}>
        <Text size="xs" c="dimmed" className="num">
          {word} · {percent}%
        </Text>
        <Progress value={percent} size={5} mt={4} aria-label={word} transitionDuration={400} />
      </div>
    );
  }
  const color = { ready: "parley", failed: "red", cancelled: "gray" }[d.stage as string] ?? "gray";
  return (
    <Badge color={color} className={classes.badge}>
      {word}
    </Badge>
  );
}
