import { EditorView } from "@codemirror/view";
import { styleNonce } from "../../../app/nonce";

/** How editors look: the colours are CSS variables, so that both themes have one style. */
export const look = [
  EditorView.cspNonce.of(styleNonce()),
  EditorView.lineWrapping,
  EditorView.theme({
    "&": { fontSize: "13.5px", backgroundColor: "var(--p-card)", color: "var(--mantine-color-text)" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.65" },
    ".cm-content": { padding: "10px 0", caretColor: "var(--p-accent)" },
    ".cm-line": { padding: "0 14px 0 8px" },
    ".cm-gutters": {
      backgroundColor: "var(--p-card)",
      color: "var(--mantine-color-dimmed)",
      border: "none",
      paddingLeft: "6px",
    },
    ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--p-hover)" },
    ".cm-cursor": { borderLeftColor: "var(--p-accent)" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
      backgroundColor: "color-mix(in srgb, var(--p-accent) 24%, transparent)",
    },
    ".cm-variable": {
      color: "var(--p-accent)",
      backgroundColor: "var(--p-accent-soft)",
      borderRadius: "4px",
      padding: "1px 2px",
      fontWeight: "600",
    },
    ".cm-variable-unknown": {
      color: "var(--p-bad)",
      textDecoration: "underline wavy color-mix(in srgb, var(--p-bad) 70%, transparent)",
    },
    ".cm-problem-line": { backgroundColor: "color-mix(in srgb, var(--p-bad) 9%, transparent)" },
    "&.cm-merge-a .cm-changedLine, .cm-deletedChunk": {
      backgroundColor: "color-mix(in srgb, var(--p-bad) 11%, transparent)",
    },
    "&.cm-merge-b .cm-changedLine, .cm-insertedLine": {
      backgroundColor: "color-mix(in srgb, var(--p-good) 12%, transparent)",
    },
    "&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText": {
      background: "color-mix(in srgb, var(--p-bad) 28%, transparent)",
    },
    "&.cm-merge-b .cm-changedText": { background: "color-mix(in srgb, var(--p-good) 28%, transparent)" },
    ".cm-collapsedLines": {
      background: "var(--p-sunken)",
      color: "var(--mantine-color-dimmed)",
      padding: "4px 12px",
    },
  }),
];
