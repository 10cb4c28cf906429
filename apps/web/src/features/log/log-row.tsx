import { memo } from "react";
import type { LogRow } from "../../core/log/log-lines.ts";
import type { LogHit } from "../../core/log/log-search.ts";
import type { AnsiLine, AnsiRun } from "../../core/session/ansi.ts";
import { cx } from "../../ui/cx.ts";
import { AnsiRunView } from "../output/ansi-line.tsx";
import { formatBytes, formatCount } from "../output/format.ts";

export interface LogRowViewProps {
  id: string;
  /** From 0. */
  line: number;
  total: number;
  row: LogRow | undefined;
  hit: LogHit | undefined;
  selected: boolean;
  active: boolean;
}

/** One line of a log, as an option of a list of which only those in sight are in the page. */
export const LogRowView = memo(function LogRowView(props: LogRowViewProps) {
  const { id, line, total, row, hit, selected, active } = props;
  return (
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-posinset={line + 1}
      aria-setsize={total}
      aria-selected={selected}
      data-line={line}
      className={cx("log-row", selected && "log-selected", active && "log-active")}
    >
      <span className="log-number" data-number={line}>
        {formatCount(line + 1)}
      </span>
      <span className="log-text">
        {row ? <Text line={row.line} hit={hit} /> : <span className="nb-dim">…</span>}
        {row?.cut ? (
          <span className="log-cut"> … a part of this line of {formatBytes(row.cut)}; download it for the rest</span>
        ) : null}
      </span>
    </div>
  );
});

function Text({ line, hit }: { line: AnsiLine; hit: LogHit | undefined }) {
  const runs = hit ? marked(line.runs, hit[1], hit[1] + hit[2]) : line.runs;
  if (runs.length === 0) return "\n";
  return runs.map((run, index) =>
    "found" in run && run.found ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: runs have no identity and never move within a line
      <mark key={index} className="log-hit">
        <AnsiRunView run={run} />
      </mark>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: runs have no identity and never move within a line
      <AnsiRunView key={index} run={run} />
    ),
  );
}

/** The runs cut at `from` and `to`, what lies between marked as found. */
function marked(runs: readonly AnsiRun[], from: number, to: number): (AnsiRun & { found?: boolean })[] {
  const parts: (AnsiRun & { found?: boolean })[] = [];
  let at = 0;
  for (const { text, style } of runs) {
    const [start, end] = [from - at, to - at].map((place) => Math.max(0, Math.min(place, text.length))) as [
      number,
      number,
    ];
    const pieces = [
      { text: text.slice(0, start), style },
      { text: text.slice(start, end), style, found: true },
      { text: text.slice(end), style },
    ];
    parts.push(...pieces.filter((piece) => piece.text !== ""));
    at += text.length;
  }
  return parts;
}
