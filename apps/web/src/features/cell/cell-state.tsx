import { isStopped } from "@opsbook/notebook/session";
import { CircleAlert, CircleCheck, CirclePause, CircleSlash, Hourglass, LoaderCircle, RefreshCw } from "lucide-react";
import { useEffect, useState } from "react";
import type { CellView } from "../../core/session/cell-views.ts";

/** `248 ms`, `15.0 s`, `02:07`, `1:02:07`. */
function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.floor(milliseconds / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** What a screen reader hears of a cell's state. */
export function stateWords({ state, execution, ahead }: CellView): string {
  switch (state) {
    case "idle":
      return execution?.status === "not-run" ? "not run" : "not run yet";
    case "queued":
      return ahead ? `queued, ${ahead} ahead` : "queued";
    case "running":
      return execution && isStopped(execution) ? "stopped at a breakpoint" : "running";
    case "ok":
      return "ran without error";
    case "failed":
      return execution?.status === "interrupted" ? "interrupted" : "failed";
    case "stale":
      return "edited since it ran";
  }
}

/** How the last run went, or how the current one is going: a shape, a word or time, a colour. */
export function CellStateMark({ view }: { view: CellView }) {
  const { state, execution } = view;
  if (!execution) return null;
  switch (state) {
    case "queued":
      return (
        <span className="nb-mark nb-queue" title={execution.by.name}>
          <Hourglass size={11} aria-hidden />
          {stateWords(view)}
        </span>
      );
    case "running":
      if (isStopped(execution))
        return (
          <span className="nb-mark nb-stopped" title={`Started by ${execution.by.name}`}>
            <CirclePause size={12} aria-hidden />
            stopped
          </span>
        );
      return (
        <span className="nb-mark nb-run" title={`Started by ${execution.by.name}`}>
          <LoaderCircle size={12} aria-hidden className="animate-spin" />
          <Elapsed since={execution.startedAt ?? execution.queuedAt} />
        </span>
      );
    case "stale":
      return (
        <span className="nb-mark nb-stale" title="The text differs from the code as it last ran">
          <RefreshCw size={11} aria-hidden />
          edited since run
        </span>
      );
    case "failed":
      return (
        <span className="nb-mark nb-fail" title={execution.reason ?? `Run by ${execution.by.name}`}>
          {execution.status === "interrupted" ? "interrupted · " : ""}
          {durationOf(view)}
        </span>
      );
    case "ok":
      return (
        <span className="nb-mark" title={`Run by ${execution.by.name}`}>
          <CircleCheck size={12} aria-hidden className="nb-ok" />
          {durationOf(view)}
          <OutOfOrder view={view} />
        </span>
      );
    case "idle":
      return (
        <span className="nb-mark" title={execution.reason ?? ""}>
          <CircleSlash size={11} aria-hidden />
          not run
        </span>
      );
  }
}

/** The notebook does not read in the order it ran: its results may not come from what stands above them. */
function OutOfOrder({ view }: { view: CellView }) {
  if (!view.outOfOrder) return null;
  return (
    <span className="nb-stale" title="A cell further down ran before this one">
      · ran out of order
    </span>
  );
}

function durationOf({ execution }: CellView): string {
  if (execution?.finishedAt === undefined) return "";
  return formatDuration(execution.finishedAt - (execution.startedAt ?? execution.finishedAt));
}

function Elapsed({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const passed = Math.max(0, now - since);
  return <>{formatDuration(Math.floor(passed / 1000) * 1000).replace(/^0 ms$/, "0 s")}</>;
}

/** In the gutter, beside the number: only what asks for a look. */
export function GutterMark({ view }: { view: CellView }) {
  if (view.execution && isStopped(view.execution)) return <CirclePause size={13} aria-hidden className="nb-stopped" />;
  if (view.state === "running") return <LoaderCircle size={13} aria-hidden className="nb-run animate-spin" />;
  if (view.state === "failed") return <CircleAlert size={13} aria-hidden className="nb-fail" />;
  return null;
}
