import type { SessionStream } from "@opsbook/notebook/session";
import { ArrowDownToLine, ChevronsDownUp, ChevronsUpDown, Copy, Download, ScrollText, WrapText } from "lucide-react";
import { useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { logUrl } from "../../core/log/log-api.ts";
import type { AnsiLine } from "../../core/session/ansi.ts";
import type { StreamText } from "../../core/session/output-store.ts";
import { openTab } from "../../core/workspace.ts";
import { IconButton } from "../../ui/button.tsx";
import { cx } from "../../ui/cx.ts";
import { useScope } from "../notebook/notebook-context.ts";
import { AnsiLineView } from "./ansi-line.tsx";
import { copyText } from "./copy-text.ts";
import { formatBytes, formatCount, formatDay } from "./format.ts";

/** Pixels; one row of a log. */
const ROW = 19;
/** Rows shown before a log scrolls in a box of its own. */
const ROWS_SHOWN = 24;
/** Wrapped rows have no fixed height, so all of them are in the page; more than these would be too many. */
const WRAPPED_ROWS = 2000;
const OVERSCAN = 20;

/** What a program printed, as it prints it. */
export function StreamOutput({ output }: { output: SessionStream }) {
  const stream = useStream(output.id);
  const { text } = stream;
  const count = text.lineCount;
  if (count === 0)
    return output.closed && output.bytes === 0 ? null : <div className="nb-log" style={{ height: ROW }} />;
  if (count <= ROWS_SHOWN && stream.skipped === 0)
    return (
      <div className={cx("nb-log nb-log-short", output.name === "stderr" && "nb-stderr")}>
        {output.name === "stderr" ? <span className="nb-stderr-label">stderr</span> : null}
        {text.lines.slice(0, count).map((line) => (
          <AnsiLineView key={line.id} line={line} />
        ))}
      </div>
    );
  return <LongLog output={output} stream={stream} />;
}

function useStream(outputId: string): StreamText {
  const { session } = useScope();
  useSyncExternalStore(
    (listener) => {
      let frame: number | null = null;
      // Output comes in many small pieces; a page shows at most one state a frame.
      const stop = session.outputs.subscribe(outputId, () => {
        frame ??= requestAnimationFrame(() => {
          frame = null;
          listener();
        });
      });
      return () => {
        stop();
        if (frame !== null) cancelAnimationFrame(frame);
      };
    },
    () => session.outputs.stream(outputId).version,
  );
  return session.outputs.stream(outputId);
}

function LongLog({ output, stream }: { output: SessionStream; stream: StreamText }) {
  const [wrap, setWrap] = useState(false);
  const [tall, setTall] = useState(false);
  const [follow, setFollow] = useState(!output.closed);
  const box = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const { path } = useScope();
  const { text } = stream;
  const { total, hidden } = countLines(output, stream);
  const openLog = () => openTab({ kind: "log", path, outputId: output.id });
  const rows = text.lineCount + (text.gapAt === null ? 0 : 1);
  const [top, setTop] = useState(0);

  useLayoutEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  });

  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    setTop(element.scrollTop);
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < ROW;
    // A log that grew since the last jump to its end is not at it, but nobody scrolled away.
    const movedUp = element.scrollTop < lastTop.current;
    lastTop.current = element.scrollTop;
    if (atEnd) setFollow(true);
    else if (movedUp) setFollow(false);
  };

  const gap = (
    <div key="gap" className="nb-line nb-gap">
      … {formatCount(hidden)} lines not shown:{" "}
      <button type="button" onClick={openLog}>
        open the whole log
      </button>{" "}
      …
    </div>
  );

  return (
    <div className="nb-long" data-testid="long-log">
      <section
        ref={box}
        className={cx("nb-log nb-log-box", wrap && "nb-wrap", output.name === "stderr" && "nb-stderr")}
        style={{ height: tall ? "70vh" : ROWS_SHOWN * ROW }}
        onScroll={onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label={`${output.name}, ${formatCount(total)} lines`}
      >
        {wrap ? (
          <WrappedRows stream={stream} rows={rows} gap={gap} />
        ) : (
          <FixedRows stream={stream} rows={rows} gap={gap} top={top} tall={tall} />
        )}
      </section>
      <div className="nb-log-foot">
        <button
          type="button"
          className={cx("nb-follow", follow && "nb-on")}
          aria-pressed={follow}
          onClick={() => setFollow(!follow)}
        >
          <ArrowDownToLine size={12} aria-hidden />
          {follow ? "Following" : "Follow"}
        </button>
        <span className="nb-dim">
          {formatCount(total)} lines{hidden > 0 ? ` · ${formatCount(hidden)} in the middle not shown` : ""}
          {stream.collected === null ? "" : ` · full log collected on ${formatDay(stream.collected)}`}
          {stream.total > 1_048_576 ? ` · ${formatBytes(stream.total)}` : ""}
        </span>
        <span className="nb-grow" />
        <IconButton label="Open the whole log" onClick={openLog}>
          <ScrollText size={13} aria-hidden />
        </IconButton>
        <IconButton label="Copy what is shown" onClick={() => void copyText(text.plainText())}>
          <Copy size={12} aria-hidden />
        </IconButton>
        <IconButton
          label={wrap ? "Do not wrap lines" : "Wrap lines"}
          aria-pressed={wrap}
          onClick={() => setWrap(!wrap)}
        >
          <WrapText size={13} aria-hidden />
        </IconButton>
        <IconButton label={tall ? "Make smaller" : "Make taller"} onClick={() => setTall(!tall)}>
          {tall ? <ChevronsDownUp size={13} aria-hidden /> : <ChevronsUpDown size={13} aria-hidden />}
        </IconButton>
        <a
          className="nb-icon-link"
          href={logUrl(output.id)}
          download
          aria-label="Download the whole output"
          title="Download the whole output"
        >
          <Download size={13} aria-hidden />
        </a>
      </div>
    </div>
  );
}

/** Lines there are, and those of them that this page does not have. */
function countLines(output: SessionStream, { text, lines, skipped }: StreamText): { total: number; hidden: number } {
  const known = text.lineCount + text.hiddenLines;
  const total = Math.max(output.lines ?? lines, skipped > 0 ? 0 : known);
  return { total, hidden: Math.max(text.hiddenLines, total - text.lineCount) };
}

interface RowsProps {
  stream: StreamText;
  rows: number;
  /** Stands where lines are missing. */
  gap: React.ReactNode;
}

/** Rows of one height: only those in sight are in the page. */
function FixedRows({ stream, rows, gap, top, tall }: RowsProps & { top: number; tall: boolean }) {
  const shown = tall ? Math.ceil(window.innerHeight / ROW) : ROWS_SHOWN;
  const first = Math.max(0, Math.min(Math.floor(top / ROW), rows - shown) - OVERSCAN);
  const last = Math.min(rows, first + shown + 2 * OVERSCAN);
  return (
    <div style={{ height: rows * ROW, position: "relative" }}>
      <div style={{ position: "absolute", top: first * ROW, left: 0, minWidth: "100%" }}>
        <Rows stream={stream} gap={gap} first={first} last={last} />
      </div>
    </div>
  );
}

function WrappedRows({ stream, rows, gap }: RowsProps) {
  const first = Math.max(0, rows - WRAPPED_ROWS);
  return (
    <>
      {first > 0 ? (
        <div className="nb-line nb-dim">… {formatCount(first)} earlier lines: turn wrapping off to see them</div>
      ) : null}
      <Rows stream={stream} gap={gap} first={first} last={rows} />
    </>
  );
}

function Rows({ stream: { text }, gap, first, last }: Omit<RowsProps, "rows"> & { first: number; last: number }) {
  const { gapAt, lines } = text;
  const items: React.ReactNode[] = [];
  for (let row = first; row < last; row++) {
    if (row === gapAt) {
      items.push(gap);
      continue;
    }
    const line: AnsiLine | undefined = lines[gapAt !== null && row > gapAt ? row - 1 : row];
    if (line) items.push(<AnsiLineView key={line.id} line={line} />);
  }
  return items;
}
