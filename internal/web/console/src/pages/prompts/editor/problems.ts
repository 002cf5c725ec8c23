import { RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";

/** Tells the editor which lines, from 1, have problems. */
export const setProblemLines = StateEffect.define<number[]>();

const mark = Decoration.line({ class: "cm-problem-line" });

export const problemLines = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, tr) {
    let next = marks.map(tr.changes);
    for (const effect of tr.effects) {
      if (!effect.is(setProblemLines)) continue;
      const builder = new RangeSetBuilder<Decoration>();
      for (const line of [...new Set(effect.value)].sort((a, b) => a - b)) {
        if (line < 1 || line > tr.state.doc.lines) continue;
        const { from } = tr.state.doc.line(line);
        builder.add(from, from, mark);
      }
      next = builder.finish();
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});
