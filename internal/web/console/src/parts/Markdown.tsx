import { lazy, Suspense } from "react";

const Rendered = lazy(() => import("./MarkdownRendered"));

/** The Markdown of an answer. Until the renderer is here the text stands as it was written. */
export function Markdown({ text }: { text: string }) {
  return (
    <Suspense fallback={<div className="pre">{text}</div>}>
      <Rendered text={text} />
    </Suspense>
  );
}
