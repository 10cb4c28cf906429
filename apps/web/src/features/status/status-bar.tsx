import { kernelStatusOf } from "@opsbook/notebook/session";
import {
  CircleAlert,
  CircleCheck,
  Cloud,
  CloudOff,
  LoaderCircle,
  LockKeyhole,
  UsersRound,
  Wifi,
  WifiOff,
} from "lucide-react";
import type { ReactNode } from "react";
import { useStore } from "zustand";
import { runCommand } from "../../core/commands.ts";
import { meStore } from "../../core/me.ts";
import { type SessionStatus, useSessionStatus } from "../../core/session/sessions.ts";
import { workspaceStore } from "../../core/workspace.ts";
import { StateDot } from "../../ui/badge.tsx";
import { cx } from "../../ui/cx.ts";
import { usePeople } from "../people/use-people.ts";
import { kernelDot, kernelWords, saveWords } from "./status-words.ts";

function Part({ children, title, className }: { children: ReactNode; title?: string | undefined; className?: string }) {
  return (
    <span className={cx("flex flex-none items-center gap-1.5 whitespace-nowrap", className)} title={title}>
      {children}
    </span>
  );
}

function Counts({ status }: { status: SessionStatus }) {
  const counts = [
    { n: status.running, state: "running", word: "running" },
    { n: status.queued, state: "queued", word: "queued" },
    { n: status.stale, state: "stale", word: "edited since run" },
    { n: status.failed, state: "failed", word: "failed" },
  ] as const;
  return counts.map(({ n, state, word }) =>
    n === 0 ? null : (
      <Part key={state}>
        <StateDot state={state} />
        {n} {word}
      </Part>
    ),
  );
}

function Saved({ status }: { status: SessionStatus }) {
  if (status.readOnlyReason) {
    return (
      <Part title={status.readOnlyReason} className="text-stale">
        <LockKeyhole size={12} aria-hidden />
        Read-only
      </Part>
    );
  }
  if (!status.save) return null;
  const { text, tone } = saveWords(status.save);
  const Icon = tone === "ok" ? CircleCheck : tone === "fail" ? CircleAlert : Cloud;
  return (
    <Part title={status.save.message} className={tone === "fail" ? "text-fail" : ""}>
      <Icon size={12} aria-hidden className={tone === "ok" ? "text-ok" : ""} />
      {text}
    </Part>
  );
}

function Connection({ status }: { status: SessionStatus }) {
  switch (status.connection) {
    case "online":
      return (
        <Part title="Connected; time to the server and back">
          <Wifi size={12} aria-hidden />
          {status.rttMs === null ? "Connected" : `${Math.max(1, Math.round(status.rttMs))} ms`}
        </Part>
      );
    case "connecting":
      return (
        <Part>
          <LoaderCircle size={12} aria-hidden className="animate-spin" />
          Connecting
        </Part>
      );
    case "offline":
      return (
        <Part
          className="text-stale"
          title="The run goes on at the server. Your edits are kept here and sent when it answers."
        >
          <WifiOff size={12} aria-hidden />
          Offline, reconnecting
        </Part>
      );
    case "closed":
      return (
        <Part className="text-fail">
          <CloudOff size={12} aria-hidden />
          Disconnected
        </Part>
      );
    default:
      return status.connection satisfies never;
  }
}

function NotebookStatus({ path }: { path: string }) {
  const status = useSessionStatus(path);
  if (!status) return null;
  const { runtime } = status;
  return (
    <>
      <Counts status={status} />
      <span className="flex-1" />
      <Saved status={status} />
      {runtime ? (
        <Part title={runtime.detail}>
          <StateDot state={kernelDot(kernelStatusOf(runtime, status.running))} />
          {runtime.displayName || runtime.kernelName} · {kernelWords(kernelStatusOf(runtime, status.running))}
        </Part>
      ) : null}
      <Connection status={status} />
    </>
  );
}

export function StatusBar() {
  const notebook = useStore(workspaceStore, (state) => state.notebook);
  const reachable = useStore(meStore, (state) => state.reachable);
  const people = usePeople().length;
  return (
    <footer
      role="contentinfo"
      aria-label="Status"
      className="flex h-6 items-center gap-4 overflow-hidden border-line-soft border-t bg-chrome px-3 text-fg-3 text-xs"
    >
      {reachable ? null : (
        <Part className="text-stale">
          <CloudOff size={12} aria-hidden />
          Server not reachable
        </Part>
      )}
      <div className="flex min-w-0 flex-1 items-center gap-4">
        {notebook ? <NotebookStatus path={notebook} /> : null}
      </div>
      {people > 0 ? (
        <button
          type="button"
          className="flex items-center gap-1.5 hover:text-fg-2"
          onClick={() => runCommand("view.people")}
        >
          <UsersRound size={12} aria-hidden />
          {people} here
        </button>
      ) : null}
    </footer>
  );
}
