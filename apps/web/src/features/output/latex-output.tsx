import "katex/dist/katex.min.css";
import katex from "katex";
import { useMemo } from "react";
import { AnsiBlock } from "./ansi-line.tsx";

/** Math between dollar signs, with text around it, as Jupyter has it in `text/latex`. */
export default function LatexOutput({ source }: { source: string }) {
  const parts = useMemo(() => split(source), [source]);
  return (
    <div className="nb-latex">
      {parts.map(({ math, text, display }, index) =>
        math ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text never move
          <Formula key={index} source={text} display={display} />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above
          <span key={index}>{text}</span>
        ),
      )}
    </div>
  );
}

function Formula({ source, display }: { source: string; display: boolean }) {
  const html = useMemo(() => {
    try {
      // `trust: false`: no links, no pictures, no HTML. What comes out is KaTeX's own markup and escaped text.
      return katex.renderToString(source, {
        displayMode: display,
        trust: false,
        throwOnError: false,
        errorColor: "var(--fail)",
        strict: "ignore",
        maxExpand: 1000,
        maxSize: 50,
      });
    } catch {
      return null;
    }
  }, [source, display]);
  if (html === null) return <AnsiBlock text={source} />;
  // biome-ignore lint/security/noDangerouslySetInnerHtml: see `trust` above
  return <span className={display ? "nb-math-block" : undefined} dangerouslySetInnerHTML={{ __html: html }} />;
}

interface Part {
  math: boolean;
  text: string;
  display: boolean;
}

const MATH = /\$\$([\s\S]+?)\$\$|\$((?:\\.|[^$\\])+?)\$|\\\[([\s\S]+?)\\\]|\\\(([\s\S]+?)\\\)/g;

function split(source: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of source.matchAll(MATH)) {
    if (match.index > end) parts.push({ math: false, text: source.slice(end, match.index), display: false });
    const [whole, block, inline, bracketed, parenthesised] = match;
    const display = block !== undefined || bracketed !== undefined;
    parts.push({ math: true, text: block ?? inline ?? bracketed ?? parenthesised ?? "", display });
    end = match.index + whole.length;
  }
  // A `\begin{equation}` without dollars is math as a whole.
  if (parts.length === 0 && /^\s*\\begin\{/.test(source)) return [{ math: true, text: source, display: true }];
  if (end < source.length) parts.push({ math: false, text: source.slice(end), display: false });
  return parts;
}
