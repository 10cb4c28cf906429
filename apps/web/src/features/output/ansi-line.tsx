import { memo } from "react";
import { type AnsiLine, type AnsiRun, AnsiText } from "../../core/session/ansi.ts";

export const AnsiLineView = memo(function AnsiLineView({ line }: { line: AnsiLine }) {
  return (
    <div className="nb-line">
      {line.runs.length === 0
        ? "\n"
        : // biome-ignore lint/suspicious/noArrayIndexKey: runs have no identity and never move within a line
          line.runs.map((run, index) => <AnsiRunView key={index} run={run} />)}
    </div>
  );
});

/** Addresses in plain text; what ends a sentence is not part of one. */
const ADDRESS = /https?:\/\/[^\s"'<>`]*[^\s"'<>`.,;:!?)\]}]/g;

export function AnsiRunView({ run: { text, style } }: { run: AnsiRun }) {
  const shown = text.includes("://") && !style?.href ? withLinks(text) : text;
  if (!style) return shown;
  const { className, color, background, href } = style;
  const inline = { ...(color ? { color } : {}), ...(background ? { background } : {}) };
  if (href)
    return (
      <a className={className} style={inline} href={href} target="_blank" rel="noopener noreferrer">
        {text}
      </a>
    );
  return (
    <span className={className} style={inline}>
      {shown}
    </span>
  );
}

function withLinks(text: string): React.ReactNode[] {
  const parts: React.ReactNode[] = [];
  let at = 0;
  for (const { 0: address, index } of text.matchAll(ADDRESS)) {
    parts.push(
      text.slice(at, index),
      <a key={index} className="ansi-link" href={address} target="_blank" rel="noopener noreferrer">
        {address}
      </a>,
    );
    at = index + address.length;
  }
  return [...parts, text.slice(at)];
}

/** Text with colours that is there as a whole. */
export const AnsiBlock = memo(function AnsiBlock({ text, className }: { text: string; className?: string }) {
  const parsed = new AnsiText();
  parsed.write(text.endsWith("\n") ? text.slice(0, -1) : text);
  return (
    <div className={`nb-log ${className ?? ""}`}>
      {parsed.lines.map((line, index) => (
        <AnsiLineView key={line.id} line={index === parsed.gapAt ? hiddenLine(parsed, line) : line} />
      ))}
    </div>
  );
});

function hiddenLine(text: AnsiText, line: AnsiLine): AnsiLine {
  const note = { text: `… ${text.hiddenLines.toLocaleString("en")} lines not shown …  `, style: null };
  return { ...line, runs: [note, ...line.runs] };
}
