import type { ReactNode } from "react";
import classes from "./Facts.module.css";

type Fact = readonly [label: string, value: ReactNode];

/** Names and values in two columns that become one where there is no room. Facts without a value are left out. */
export function Facts({ items }: { items: readonly Fact[] }) {
  return (
    <dl className={classes.facts}>
      {items
        .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "")
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
