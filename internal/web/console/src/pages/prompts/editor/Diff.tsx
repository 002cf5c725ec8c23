import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import classes from "./Diff.module.css";
import { look } from "./look";

const collapse = { margin: 3, minSize: 5 };

/** Two texts side by side; one above the other where there is no room. */
export default function Diff({ from, to }: { from: string; to: string }) {
  const place = useRef<HTMLDivElement>(null);
  const narrow = useMediaQuery("(max-width: 47.99em)", undefined, { getInitialValueInEffect: false });
  useEffect(() => {
    const parent = place.current;
    if (!parent) return;
    const fixed = [look, lineNumbers(), EditorState.readOnly.of(true), EditorView.editable.of(false)];
    const shown = narrow
      ? new EditorView({
          parent,
          doc: to,
          extensions: [
            fixed,
            unifiedMergeView({ original: from, mergeControls: false, collapseUnchanged: collapse }),
          ],
        })
      : new MergeView({
          parent,
          a: { doc: from, extensions: fixed },
          b: { doc: to, extensions: fixed },
          collapseUnchanged: collapse,
          gutter: true,
        });
    return () => shown.destroy();
  }, [from, to, narrow]);
  return <div ref={place} className={classes.diff} data-testid="prompt-diff-view" />;
}
