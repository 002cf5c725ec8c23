import { Tooltip } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatAgo, formatDateTime, isTime } from "./format";

/** A time as "2 minutes ago" that keeps itself right, with the exact time on hover. */
export function Ago({ at }: { at: string | null | undefined }) {
  const { t } = useTranslation();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
  if (!isTime(at)) return <span>{t("common.never")}</span>;
  return (
    <Tooltip label={formatDateTime(at)}>
      <time dateTime={at}>{formatAgo(at)}</time>
    </Tooltip>
  );
}
