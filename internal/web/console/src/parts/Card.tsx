import { Paper, type PaperProps } from "@mantine/core";
import type { ComponentPropsWithoutRef } from "react";
import classes from "./Card.module.css";

/** A surface that stands out from the page by a hairline, not by a shadow. */
export function Card(props: PaperProps & ComponentPropsWithoutRef<"div">) {
  return <Paper p="md" {...props} className={`${classes.card} ${props.className ?? ""}`} />;
}
