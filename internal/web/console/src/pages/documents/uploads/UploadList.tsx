import { ActionIcon, Button, Group, Progress, Text } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconRefresh, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ErrorText } from "../../../parts/ErrorState";
import { formatBytes } from "../../../parts/format";
import type { Upload } from "./queue";
import classes from "./UploadList.module.css";
import { useUploadQueue, useUploads } from "./Uploads";

/** What is on its way, and what did not arrive. Files that arrived show up in the list of documents. */
export function UploadList({ collection }: { collection: string }) {
  const { t } = useTranslation();
  const queue = useUploadQueue();
  const uploads = useUploads(collection);
  if (uploads.length === 0) return null;
  const done = uploads.filter((u) => u.state === "done" || u.state === "same").length;
  const open = uploads.filter((u) => u.state !== "done");
  return (
    <section className={classes.panel} aria-label={t("documents.uploads")} data-testid="uploads">
      <Group justify="space-between" mb={open.length ? 6 : 0}>
        <Text size="sm" fw={600} aria-live="polite">
          {t("documents.uploadsProgress", { done, total: uploads.length })}
        </Text>
        {done > 0 && (
          <Button size="compact-xs" variant="subtle" color="gray" onClick={() => queue.clear()}>
            {t("documents.uploadClear")}
          </Button>
        )}
      </Group>
      <ul className={classes.list}>
        {open.map((u) => (
          <Line key={u.id} upload={u} />
        ))}
      </ul>
    </section>
  );
}

function Line({ upload: u }: { upload: Upload }) {
  const { t } = useTranslation();
  const queue = useUploadQueue();
  const word = {
    waiting: t("documents.uploadWaiting"),
    sending: t("documents.uploadSending"),
    done: t("documents.uploadDone"),
    same: t("documents.uploadSame"),
    failed: t("documents.uploadFailed"),
  }[u.state];
  return (
    <li className={classes.line} data-testid="upload-row" data-name={u.file.name} data-state={u.state}>
      <Group gap={8} wrap="nowrap">
        {u.state === "failed" && (
          <IconAlertTriangle size={16} color="var(--p-bad)" aria-hidden className={classes.fix} />
        )}
        {u.state === "same" && (
          <IconCheck size={16} color="var(--p-good)" aria-hidden className={classes.fix} />
        )}
        <Text size="sm" truncate flex={1}>
          {u.file.name}
        </Text>
        <Text size="xs" c="dimmed" className="num" visibleFrom="xs">
          {formatBytes(u.file.size)}
        </Text>
        <Text size="xs" c={u.state === "failed" ? "red" : "dimmed"}>
          {word}
        </Text>
        {u.state === "failed" && (
          <ActionIcon
            size="sm"
            aria-label={`${t("common.retry")}: ${u.file.name}`}
            onClick={() => queue.retry(u.id)}
          >
            <IconRefresh size={15} aria-hidden />
          </ActionIcon>
        )}
        <ActionIcon
          size="sm"
          aria-label={
            u.state === "sending"
              ? t("documents.uploadStop", { name: u.file.name })
              : `${t("common.remove")}: ${u.file.name}`
          }
          onClick={() => queue.remove(u.id)}
        >
          <IconX size={15} aria-hidden />
        </ActionIcon>
      </Group>
      {(u.state === "sending" || u.state === "waiting") && (
        <Progress value={u.sent * 100} size={4} mt={5} aria-label={u.file.name} />
      )}
      {u.error && <ErrorText error={u.error} />}
    </li>
  );
}
