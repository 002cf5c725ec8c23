import {
  type Icon,
  IconFile,
  IconFileTypeCsv,
  IconFileTypeDocx,
  IconFileTypeHtml,
  IconFileTypePdf,
  IconFileTypeTxt,
  IconFileTypeXls,
  IconMarkdown,
} from "@tabler/icons-react";
import classes from "./FileSign.module.css";

const signs: Record<string, Icon> = {
  pdf: IconFileTypePdf,
  docx: IconFileTypeDocx,
  xlsx: IconFileTypeXls,
  csv: IconFileTypeCsv,
  html: IconFileTypeHtml,
  htm: IconFileTypeHtml,
  md: IconMarkdown,
  markdown: IconMarkdown,
  txt: IconFileTypeTxt,
  text: IconFileTypeTxt,
};

/** A sign for the type that was found by content; before that, for the one that the name promises. */
export function FileSign({ type, name }: { type: string; name: string }) {
  const kind = (type || name.split(".").pop() || "").toLowerCase();
  const Sign = signs[kind] ?? IconFile;
  return (
    <span className={classes.sign} aria-hidden>
      <Sign size={19} stroke={1.6} />
    </span>
  );
}
