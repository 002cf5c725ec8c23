import { Badge, Button, Group, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { body, client } from "../../api/client";
import { codeSentence } from "../../api/problem";
import type { Document } from "../../api/types";
import { useCan } from "../../app/session";
import { Ago } from "../../parts/Ago";
import { formatBytes, formatNumber } from "../../parts/format";
import { tellError } from "../../parts/notify";
import { DocumentMenu } from "./DocumentMenu";
import classes from "./DocumentRow.module.css";
import { isRunning, useRefresh } from "./data";
import { FileSign } from "./FileSign";
import { StageBadge } from "./StageBadge";

interface Props {
  document: Document;
  onOpen: (id: string) => void;
}

export function DocumentRow({ document: d, onOpen }: Props) {
  const { t } = useTranslation();
  const can = useCan();
  const refresh = useRefresh();
  const act = useMutation({
    mutationFn: (what: "retry" | "cancel") => {
      const params = { path: { id: d.id } };
      return body(
        what === "retry"
          ? client.POST("/documents/{id}/retry", { params })
          : client.POST("/documents/{id}/cancel", { params }),
      );
    },
    onSettled: () => refresh(d),
    onError: tellError,
  });
  const write = can("documents.write");
  const over = d.stage === "failed" || d.stage === "cancelled";
  return (
    <li className={classes.row} data-testid="doc-row" data-name={d.name} data-stage={d.stage}>
      <div className={classes.main}>
        <FileSign type={d.type} name={d.name} />
        <div className={classes.names}>
          <button type="button" className={classes.open} onClick={() => onOpen(d.id)} data-testid="doc-open">
            {d.title || d.name}
          </button>
          <Text size="xs" c="dimmed" className="break">
            {d.title && d.title !== d.name ? `${d.name} · ` : ""}
            {t("documents.version")} {d.version}
            {over && d.live_version > 0 && ` · ${t("documents.oldAnswers", { version: d.live_version })}`}
          </Text>
          {d.stage === "failed" && (
            <Text size="sm" className={classes.reason} data-testid="doc-reason" data-code={d.code}>
              {codeSentence(d.code, d.reason, t)}
            </Text>
          )}
          {(d.labels.length > 0 || (write && (over || isRunning(d)))) && (
            <Group gap={6} mt={5}>
              {d.labels.map((l) => (
                <Badge key={l} size="sm" color="gray">
                  {l}
                </Badge>
              ))}
              {write && over && (
                <Button
                  size="compact-xs"
                  variant="light"
                  leftSection={<IconRefresh size={13} aria-hidden />}
                  loading={act.isPending}
                  onClick={() => act.mutate("retry")}
                  data-testid="doc-retry"
                >
                  {t("common.retry")}
                </Button>
              )}
              {write && isRunning(d) && (
                <Button
                  size="compact-xs"
                  variant="light"
                  color="gray"
                  loading={act.isPending}
                  onClick={() => act.mutate("cancel")}
                  data-testid="doc-cancel"
                >
                  {t("documents.cancelRun")}
                </Button>
              )}
            </Group>
          )}
        </div>
      </div>
      <div className={classes.stage}>
        <StageBadge document={d} />
      </div>
      <div className={`${classes.number} num`}>
        {d.chunks > 0 ? formatNumber(d.chunks) : "–"}
        <span className="visually-hidden"> {t("documents.chunks")}</span>
      </div>
      <div className={`${classes.number} ${classes.size} num`}>{formatBytes(d.size)}</div>
      <div className={classes.when}>
        <Ago at={d.updated_at} />
      </div>
      <div className={classes.menu}>
        <DocumentMenu document={d} />
      </div>
    </li>
  );
}
