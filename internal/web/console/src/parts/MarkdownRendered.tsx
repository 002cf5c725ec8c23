import { memo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { safeLink } from "./links";
import classes from "./Markdown.module.css";

// An answer is text of a model about texts of strangers: no HTML, no image is
// fetched, and a link shows where it leads.
const components: Components = {
  img: ({ alt }) => <span>{alt}</span>,
  a: ({ href, children }) => {
    const link = safeLink(href);
    return link ? (
      <a href={link} title={link} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    ) : (
      <span>{children}</span>
    );
  },
};

function MarkdownRendered({ text }: { text: string }) {
  return (
    <div className={classes.text}>
      <ReactMarkdown remarkPlugins={[remarkGfm]} skipHtml components={components}>
        {text}
      </ReactMarkdown>
    </div>
  );
}

export default memo(MarkdownRendered);
