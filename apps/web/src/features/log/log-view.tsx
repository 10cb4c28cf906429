import "../output/ansi.css";
import "../output/output.css";
import "./log.css";
import { ArrowDownToLine, Copy, Download, WrapText } from "lucide-react";
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import type { LogLines as Lines, LogStatus } from "../../core/log/log-lines.ts";
import { hitIn } from "../../core/log/log-search.ts";
import { baseName, displayName } from "../../core/paths.ts";
import { openTab } from "../../core/workspace.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { cx } from "../../ui/cx.ts";
import { Menu } from "../../ui/menu.tsx";
import { ErrorState, LoadingState } from "../../ui/message.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { formatBytes, formatCount, formatDay } from "../output/format.ts";
import { LogActions, rangeWords } from "./log-actions.ts";
import { activateLog, touchLog } from "./log-commands.ts";
import { LogRowView } from "./log-row.tsx";
import { LogSearchBar } from "./log-search-bar.tsx";

export interface LogViewProps {
  outputId: string;
  /** The notebook it is of. */
  path: string;
  /** False in a tab that is not in front: it asks for nothing and leaves the keys to others. */
  visible: boolean;
}

/** The whole text of one stream output, however long: only the lines in sight are in the page. */
export function LogView({ outputId, path, visible }: LogViewProps) {
  const log = useMemo(() => new LogActions(outputId), [outputId]);
  const status = useStore(log.lines.store);
  const name = displayName(baseName(path)).replace(/\.ipynb$/, "");

  useEffect(() => {
    if (!visible) return undefined;
    log.lines.start();
    const deactivate = activateLog(log);
    return () => {
      deactivate();
      log.lines.stop();
    };
  }, [log, visible]);
  useEffect(() => () => log.search.clear(), [log]);

  if (status.state === "loading") return <LoadingState label="Reading the log" />;
  if (status.state === "gone")
    return (
      <div className="p-3">
        <ErrorState title="This log is not there any more" message={status.message} />
        <Button variant="outline" onClick={() => openTab({ kind: "notebook", path })}>
          Open {name}
        </Button>
      </div>
    );
  return (
    <section
      className="log-view"
      aria-label={`Whole log of ${name}`}
      data-context="log"
      onFocus={() => touchLog(log)}
      onPointerDown={() => touchLog(log)}
    >
      <Toolbar log={log} />
      <Notes status={status} />
      <Rows log={log} label={`Lines of the log of ${name}`} />
      <StatusLine log={log} status={status} />
    </section>
  );
}

function Toolbar({ log }: { log: LogActions }) {
  const { wrap, active } = useStore(log.ui);
  const atEnd = useStore(log.scroller.store, (state) => state.atEnd);
  const open = useStore(log.lines.store, (state) => state.open);
  return (
    <div className="log-bar" role="toolbar" aria-label="Log">
      <LogSearchBar log={log} />
      <span className="nb-grow" />
      <GoToLine log={log} />
      {open ? (
        <IconButton
          label={atEnd ? "Stop following" : "Follow the end"}
          keys="F"
          aria-pressed={atEnd}
          className={cx(atEnd && "log-on")}
          onClick={() => log.toggleFollow()}
        >
          <ArrowDownToLine size={13} aria-hidden />
        </IconButton>
      ) : null}
      <IconButton
        label={wrap ? "Do not wrap lines" : "Wrap lines"}
        keys="W"
        aria-pressed={wrap}
        className={cx(wrap && "log-on")}
        onClick={() => log.toggleWrap()}
      >
        <WrapText size={13} aria-hidden />
      </IconButton>
      <IconButton label="Copy the chosen lines" keys="Mod+C" disabled={active === null} onClick={() => void log.copy()}>
        <Copy size={13} aria-hidden />
      </IconButton>
      <Menu label="Download" align="end" items={downloads(log)}>
        <Button aria-label="Download">
          <Download size={13} aria-hidden />
        </Button>
      </Menu>
    </div>
  );
}

function downloads(log: LogActions) {
  const range = log.selection;
  return [
    { id: "all", label: "All, as it was printed", onSelect: () => log.download() },
    { id: "plain", label: "All, without colours", onSelect: () => log.download({ ansi: "strip" }) },
    ...(range
      ? [{ id: "range", label: `Only ${rangeWords(range)}`, onSelect: () => log.download({ range, ansi: "strip" }) }]
      : []),
  ];
}

function GoToLine({ log }: { log: LogActions }) {
  const [text, setText] = useState("");
  const line = Number(text.replace(/[,.\s]/g, ""));
  const go = (): void => {
    if (!(line >= 1)) return;
    log.choose(Math.floor(line) - 1, { where: "middle" });
    setText("");
    log.elements.box?.focus();
  };
  return (
    <TextField
      ref={(element) => {
        log.elements.lineField = element;
      }}
      className="log-go h-6"
      aria-label="Go to line"
      placeholder="Go to line"
      inputMode="numeric"
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") go();
        else if (event.key === "Escape") log.elements.box?.focus();
      }}
    />
  );
}

function Notes({ status }: { status: LogStatus }) {
  if (status.state === "unreachable") return <p className="log-note">{status.message} It is asked for again.</p>;
  if (status.collected === null) return null;
  return (
    <p className="log-note">
      The full log was collected on {formatDay(status.collected)} to make room: its start and its end are left.
    </p>
  );
}

function Rows({ log, label }: { log: LogActions; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const id = useId();
  const { from, to, height } = useStore(log.scroller.store);
  const { wrap, active, anchor } = useStore(log.ui);
  const hits = useStore(log.search.store, (state) => state.hits);
  const { total } = useStore(log.lines.store);
  const range =
    active === null ? null : { first: Math.min(active, anchor ?? active), last: Math.max(active, anchor ?? active) };

  useLayoutEffect(() => {
    if (!box.current || !layer.current) return undefined;
    const detach = log.scroller.attach(box.current, layer.current);
    log.elements.box = box.current;
    box.current.focus({ preventScroll: true });
    // What is still printed is looked at where it goes on.
    if (log.lines.store.getState().open) log.scroller.toEnd();
    return detach;
  }, [log]);
  useLayoutEffect(() => log.scroller.setTotal(total), [log, total]);
  useEffect(() => log.lines.show(from, to), [log, from, to]);
  useLayoutEffect(() => log.scroller.place());

  const onClick = (event: React.MouseEvent): void => {
    const target = event.target instanceof Element ? event.target : null;
    const line = Number(target?.closest("[data-line]")?.getAttribute("data-line") ?? Number.NaN);
    if (Number.isNaN(line)) return;
    if (target?.closest("[data-number]")) log.choose(line, { extend: event.shiftKey });
    else if (document.getSelection()?.isCollapsed) log.choose(line);
  };

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: its keys are commands
    <div
      ref={box}
      className={cx("log-box", wrap && "log-wrap")}
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-multiselectable
      {...(active !== null && active >= from && active < to ? { "aria-activedescendant": `${id}-${active}` } : {})}
      style={{ "--log-digits": String(total).length + Math.floor(String(total).length / 3.5) } as React.CSSProperties}
      onClick={onClick}
    >
      <div className="log-space" style={{ height }} role="presentation">
        <div ref={layer} className="log-layer" role="presentation">
          {rowsOf(log.lines, { from, to }).map(({ line, row }) => (
            <LogRowView
              key={line}
              id={`${id}-${line}`}
              line={line}
              total={total}
              row={row}
              hit={hitIn(hits, line)}
              selected={range !== null && line >= range.first && line <= range.last}
              active={line === active}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

function rowsOf(lines: Lines, { from, to }: { from: number; to: number }) {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => ({
    line: from + index,
    row: lines.row(from + index),
  }));
}

function StatusLine({ log, status }: { log: LogActions; status: LogStatus }) {
  const ui = useStore(log.ui);
  const range = ui.active === null ? null : log.selection;
  return (
    <div className="log-status">
      <span>
        {status.total === 1 ? "1 line" : `${formatCount(status.total)} lines`} · {formatBytes(status.bytes)}
      </span>
      <span role="status">{status.open ? "The cell still prints" : "Complete"}</span>
      <span className="nb-grow" />
      {range ? <span>{rangeWords(range)} chosen</span> : null}
    </div>
  );
}
