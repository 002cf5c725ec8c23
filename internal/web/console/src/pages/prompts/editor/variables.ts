import {
  Decoration,
  type DecorationSet,
  type EditorView,
  MatchDecorator,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";

/** A variable as the prompts write it: {{.Question}}. Four braces stand for two as text. */
export const variablePattern = /\{\{\{\{|\{\{\s*(\.?\w*)\s*\}\}/g;

/** Names of the variables in a text, in order, each once. */
export function variablesIn(text: string): string[] {
  const names = new Set<string>();
  for (const m of text.matchAll(variablePattern)) {
    if (m[1]?.startsWith(".")) names.add(m[1].slice(1));
  }
  return [...names];
}

/** Marks known variables and those that there are not. */
export function highlightVariables(known: readonly string[]) {
  const good = Decoration.mark({ class: "cm-variable" });
  const bad = Decoration.mark({ class: "cm-variable-unknown" });
  const matcher = new MatchDecorator({
    regexp: variablePattern,
    decoration: (m) => {
      if (m[1] === undefined) return null;
      return m[1].startsWith(".") && known.includes(m[1].slice(1)) ? good : bad;
    },
  });
  return ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = matcher.createDeco(view);
      }
      update(update: ViewUpdate) {
        this.decorations = matcher.updateDeco(update, this.decorations);
      }
    },
    { decorations: (v) => v.decorations },
  );
}
