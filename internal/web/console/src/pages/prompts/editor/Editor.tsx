import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import type { PromptCheck } from "../../../api/types";
import classes from "./Editor.module.css";
import { look } from "./look";
import { problemLines, setProblemLines } from "./problems";
import { highlightVariables } from "./variables";

export interface EditorHandle {
  /** Puts text in place of the selection. */
  insert: (text: string) => void;
  /** Puts the cursor at a place, both numbers from 1. */
  goTo: (line: number, column: number) => void;
}

interface Props {
  value: string;
  onChange: (value: string) => void;
  variables: string[];
  problems: PromptCheck["problems"];
  readOnly: boolean;
  label: string;
  ref?: Ref<EditorHandle>;
}

/** The text of a prompt. In a file of its own because of the weight of the editor. */
export default function Editor({ value, onChange, variables, problems, readOnly, label, ref }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const changed = useRef(onChange);
  changed.current = onChange;
  const known = variables.join(" ");

  // The editor lives as long as its settings; its text is kept in step below.
  // biome-ignore lint/correctness/useExhaustiveDependencies: value is only what it begins with
  useEffect(() => {
    if (!place.current) return;
    const editor = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          look,
          lineNumbers(),
          history(),
          drawSelection(),
          highlightActiveLine(),
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorState.readOnly.of(readOnly),
          EditorView.editable.of(!readOnly),
          EditorView.contentAttributes.of({ "aria-label": label }),
          highlightVariables(known.split(" ")),
          problemLines,
          EditorView.updateListener.of((u) => {
            if (u.docChanged) changed.current(u.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, [known, readOnly, label]);

  useEffect(() => {
    const editor = view.current;
    if (editor && editor.state.doc.toString() !== value) {
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
    }
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({ effects: setProblemLines.of(problems.map((p) => p.line)) });
  }, [problems]);

  useImperativeHandle(ref, () => ({
    insert(text) {
      const editor = view.current;
      if (!editor) return;
      editor.dispatch(editor.state.replaceSelection(text), { scrollIntoView: true });
      editor.focus();
    },
    goTo(line, column) {
      const editor = view.current;
      if (!editor) return;
      const at = editor.state.doc.line(Math.min(Math.max(1, line), editor.state.doc.lines));
      const anchor = Math.min(at.from + Math.max(0, column - 1), at.to);
      editor.dispatch({ selection: { anchor }, scrollIntoView: true });
      editor.focus();
    },
  }));

  return <div ref={place} className={classes.editor} data-testid="prompt-editor" />;
}
