import { useTranslation } from "react-i18next";
import { formatMs } from "../format";
import classes from "./Waterfall.module.css";
import { type StageTime, waterfall } from "./waterfall";

const known = ["history", "rewrite", "retrieve", "prompt", "cache", "first_token", "answer"] as const;
type Known = (typeof known)[number];

/** Where the time of an answer went, as bars on one line of time. */
export function Waterfall({ stages }: { stages: readonly StageTime[] }) {
  const { t } = useTranslation();
  const { spans, total } = waterfall(stages);
  if (spans.length === 0) return null;
  const share = (ms: number) => (total > 0 ? (ms / total) * 100 : 0);
  const word = (name: string) =>
    known.includes(name as Known) ? t(`receipt.stages.${name as Known}`) : name;
  return (
    <div className={classes.rows}>
      {spans.map((s, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a stage may come twice, and the list does not change
        <div key={i} className={classes.row} data-testid="stage" data-stage={s.name}>
          <span className={classes.name}>{word(s.name)}</span>
          <span className={classes.track} aria-hidden>
            <span
              className={classes.bar}
              data-stage={s.name}
              style={{ marginLeft: `${share(s.start)}%`, width: `${share(s.took)}%` }}
            />
          </span>
          <span className={`${classes.time} num`}>{formatMs(s.took)}</span>
        </div>
      ))}
      <div className={classes.row}>
        <span className={classes.name}>{t("receipt.total")}</span>
        <span />
        <b className={`${classes.time} num`}>{formatMs(total)}</b>
      </div>
    </div>
  );
}
