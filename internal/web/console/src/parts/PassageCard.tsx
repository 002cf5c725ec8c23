import { Anchor, Badge, Group, Text, Tooltip } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Passage } from "../api/types";
import { formatPercent, formatScore } from "./format";
import { safeLink } from "./links";
import classes from "./PassageCard.module.css";

interface Props {
  passage: Passage;
  number: number; // its place, from 1
  cited?: boolean;
  testid?: string;
}

const longText = 320;

/** A passage that was found: where it stands, what it says, and why it was found. */
export function PassageCard({ passage: p, number, cited, testid }: Props) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const long = p.text.length > longText;
  const url = safeLink(p.url);
  return (
    <article className={classes.card} data-cited={cited || undefined} data-testid={testid}>
      <Group gap={8} wrap="nowrap" align="flex-start">
        <span className={`${classes.number} num`}>{number}</span>
        <div className={classes.head}>
          <Group gap={6} wrap="wrap">
            <Link to={`/documents?doc=${encodeURIComponent(p.document_id)}`} className={classes.title}>
              {p.document}
            </Link>
            {cited && (
              <Badge size="sm" color="parley">
                {t("receipt.cited")}
              </Badge>
            )}
            {url && (
              <Anchor
                href={url}
                target="_blank"
                rel="noopener noreferrer"
                aria-label={url}
                title={url}
                lh={1}
              >
                <IconExternalLink size={14} aria-hidden />
              </Anchor>
            )}
          </Group>
          {(p.heading || p.location) && (
            <Text size="xs" c="dimmed" className="break">
              {[p.heading, p.location].filter(Boolean).join(" · ")}
            </Text>
          )}
        </div>
      </Group>
      <Text size="sm" className={`pre ${classes.text}`} data-clamped={(long && !open) || undefined}>
        {p.text}
      </Text>
      {long && (
        <button type="button" className={classes.more} onClick={() => setOpen(!open)} aria-expanded={open}>
          {open ? t("common.showLess") : t("common.showMore")}
        </button>
      )}
      <Scores passage={p} />
    </article>
  );
}

function Scores({ passage: p }: { passage: Passage }) {
  const { t } = useTranslation();
  const percent = Math.round(p.relevance * 100);
  return (
    <dl className={classes.scores}>
      <Tooltip label={t("receipt.scoreHints.relevance")}>
        <div className={classes.relevance}>
          <dt>{t("receipt.scores.relevance")}</dt>
          <dd>
            <span className={classes.track} aria-hidden>
              <span className={classes.bar} style={{ width: `${Math.min(100, Math.max(0, percent))}%` }} />
            </span>
            <span className="num">{formatPercent(p.relevance, 1)}</span>
          </dd>
        </div>
      </Tooltip>
      <Score
        label={t("receipt.scores.words")}
        hint={t("receipt.scoreHints.words")}
        value={formatScore(p.words)}
      />
      <Score
        label={t("receipt.scores.meaning")}
        hint={t("receipt.scoreHints.meaning")}
        value={p.meaning ? formatScore(p.meaning, 3) : "–"}
      />
      <Score
        label={t("receipt.scores.fused")}
        hint={t("receipt.scoreHints.fused")}
        value={formatScore(p.score, 3)}
      />
    </dl>
  );
}

function Score({ label, hint, value }: { label: string; hint: string; value: string }) {
  return (
    <Tooltip label={hint}>
      <div>
        <dt>{label}</dt>
        <dd className="num">{value}</dd>
      </div>
    </Tooltip>
  );
}
