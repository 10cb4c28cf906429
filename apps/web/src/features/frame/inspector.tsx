import { kernelStatusOf } from "@opsbook/notebook/session";
import type { ReactNode } from "react";
import { useStore } from "zustand";
import { baseName, displayName } from "../../core/paths.ts";
import {
  type CellRunState,
  focusCell,
  type OutlineItem,
  type SessionStatus,
  useOutline,
  useSessionStatus,
} from "../../core/session/sessions.ts";
import { workspaceStore } from "../../core/workspace.ts";
import { Badge, StateDot, type Tone } from "../../ui/badge.tsx";
import { cx } from "../../ui/cx.ts";
import { EmptyState } from "../../ui/message.tsx";
import { PersonRow } from "../people/people-view.tsx";
import { usePeople } from "../people/use-people.ts";
import { kernelWords } from "../status/status-words.ts";

const STATE_WORDS: Record<CellRunState, string> = {
  idle: "not run",
  queued: "queued",
  running: "running",
  ok: "done",
  failed: "failed",
  stale: "edited since it ran",
};
const STATE_TONES: Record<CellRunState, Tone> = {
  idle: "neutral",
  queued: "queue",
  running: "run",
  ok: "ok",
  failed: "fail",
  stale: "stale",
};

function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="border-line-soft border-b px-3.5 py-3 last:border-0">
      <div className="flex min-h-5 items-center justify-between gap-2 pb-2">
        <h2 className="font-medium text-fg">{title}</h2>
        {aside ? <span className="text-fg-3 text-xs">{aside}</span> : null}
      </div>
      {children}
    </section>
  );
}

function Details({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[76px_1fr] gap-y-1.5">
      {rows.map(([term, value]) => (
        <div key={term} className="contents">
          <dt className="text-fg-3">{term}</dt>
          <dd className="min-w-0 truncate">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function CellSection({ item }: { item: OutlineItem }) {
  const title = item.executionCount === null ? "Cell" : `Cell ${item.executionCount}`;
  return (
    <Section
      title={title}
      aside={
        item.kind === "cell" ? (
          <Badge tone={STATE_TONES[item.state]}>
            <StateDot state={item.state} />
            {STATE_WORDS[item.state]}
          </Badge>
        ) : undefined
      }
    >
      <p className="line-clamp-3 break-words font-mono text-[11.5px] leading-[18px]">{displayName(item.title)}</p>
    </Section>
  );
}

function Outline({ path, items, selected }: { path: string; items: readonly OutlineItem[]; selected: string | null }) {
  const cells = items.filter(({ kind }) => kind === "cell").length;
  return (
    <Section title="Outline" aside={`${cells} ${cells === 1 ? "cell" : "cells"}`}>
      {items.length === 0 ? <p className="text-fg-3">Headings and cells appear here.</p> : null}
      <ul className="-mx-2">
        {items.map((item, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a Markdown cell may give several headings of the same words
          <li key={`${item.cellId}:${index}`}>
            <button
              type="button"
              {...(item.cellId === selected ? { "aria-current": "true" as const } : {})}
              onClick={() => focusCell(path, item.cellId)}
              className={cx(
                "flex h-6 w-full items-center gap-2 rounded-sm px-2 text-left hover:bg-hover",
                item.cellId === selected && "bg-sel text-fg",
                item.kind === "heading" && "font-medium text-fg",
              )}
              style={{ paddingLeft: item.kind === "heading" ? 8 + Math.max(0, item.level - 1) * 8 : 10 }}
            >
              {item.kind === "cell" ? (
                <>
                  <StateDot state={item.state} label={STATE_WORDS[item.state]} />
                  <span className="w-[18px] flex-none text-right font-mono text-fg-3 text-xs">
                    {item.executionCount ?? ""}
                  </span>
                </>
              ) : null}
              <span className={cx("min-w-0 flex-1 truncate", item.kind === "cell" && "font-mono text-[11.5px]")}>
                {displayName(item.title)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function HereNow() {
  const people = usePeople();
  return (
    <Section title="Here now" aside={people.length}>
      <ul>
        {people.map((person) => (
          <PersonRow key={person.id} person={person} />
        ))}
      </ul>
    </Section>
  );
}

function KernelSection({ status }: { status: SessionStatus }) {
  const { runtime } = status;
  if (!runtime) return null;
  return (
    <Section title="Kernel">
      <Details
        rows={[
          ["Name", runtime.displayName],
          ["State", kernelWords(kernelStatusOf(runtime, status.running))],
          ["Waiting", status.queued === 0 ? "nothing" : `${status.queued} queued`],
        ]}
      />
      {runtime.detail ? (
        <p className="whitespace-pre-wrap break-words pt-2 text-fg-3 text-xs">{runtime.detail}</p>
      ) : null}
    </Section>
  );
}

function NotebookInspector({ path }: { path: string }) {
  const status = useSessionStatus(path);
  const outline = useOutline(path);
  const selected = status?.selectedCellId ?? null;
  const item = outline.find(({ cellId }) => cellId === selected);
  return (
    <>
      {item ? <CellSection item={item} /> : null}
      <Outline path={path} items={outline} selected={selected} />
      <HereNow />
      {status ? <KernelSection status={status} /> : null}
    </>
  );
}

export function Inspector() {
  const notebook = useStore(workspaceStore, (state) => state.notebook);
  return (
    <aside aria-label="Inspector" className="flex h-full min-h-0 flex-col bg-side">
      <header className="flex h-bar flex-none items-center border-line-soft border-b px-3.5">
        <h2 className="min-w-0 truncate font-medium text-fg">
          <bdi>{notebook ? displayName(baseName(notebook)) : "Inspector"}</bdi>
        </h2>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {notebook ? (
          <NotebookInspector path={notebook} />
        ) : (
          <EmptyState title="No notebook is open">
            <p className="text-balance">Its outline, its cells' states and who is in it are shown here.</p>
          </EmptyState>
        )}
      </div>
    </aside>
  );
}
