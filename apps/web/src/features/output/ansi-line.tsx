import { memo } from "react";
import { type AnsiLine, type AnsiRun, AnsiText } from "../../core/session/ansi.ts";

export const AnsiLineView = memo(function AnsiLineView({ line }: { line: AnsiLine }) {
  return (
    <div className="nb-line">
      {line.runs.length === 0
        ? "\n"
        : // biome-ignore lint/suspicious/noArrayIndexKey: runs have no identity and never move within a line
          line.runs.map((run, index) => <Run key={index} run={run} />)}
    </div>
  );
});

function Run({ run: { text, style } }: { run: AnsiRun }) {
  if (!style) return text;
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
      {text}
    </span>
  );
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
