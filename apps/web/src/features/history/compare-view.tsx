import "./history.css";
import type { Notebook } from "@opsbook/notebook";
import { ChevronDown, ChevronUp, RotateCcw } from "lucide-react";
import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import { errorMessage } from "../../core/api.ts";
import { registerCommands } from "../../core/commands.ts";

import { loadVersion, type VersionName, versionLabel } from "../../core/history/versions.ts";
import type { NotebookSession } from "../../core/session/notebook-session.ts";
import { settingsStore, updateSettings } from "../../core/settings.ts";
import { openPath } from "../../core/workspace.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { ErrorState, LoadingState } from "../../ui/message.tsx";
import type { CellActions } from "./diff-cell.tsx";
import { DiffCells } from "./diff-cells.tsx";
import { restore } from "./history-actions.ts";
import { useCheckpoints, useMayEdit, useSession } from "./use-history.ts";
import { VersionCells } from "./version-cells.tsx";
import { VersionSelect } from "./version-select.tsx";

export interface CompareViewProps {
  path: string;
  /** Null: `to` alone, to be read. */
  from: VersionName | null;
  to: VersionName;
  visible: boolean;
}

/** Two versions of a notebook and what became of each cell; the default export is for `lazy`. */
export default function CompareView({ path, from, to, visible }: CompareViewProps) {
  const session = useSession(path);
  return session ? (
    <Loaded path={path} session={session} start={{ from, to }} visible={visible} />
  ) : (
    <LoadingState label="Opening the notebook" />
  );
}

interface Choice {
  from: VersionName | null;
  to: VersionName;
}

function Loaded(props: { path: string; session: NotebookSession; start: Choice; visible: boolean }) {
  const { path, session, start, visible } = props;
  const [choice, setChoice] = useState(start);
  const { checkpoints } = useCheckpoints(path, session);
  const mayEdit = useMayEdit(session);
  const left = useVersion(path, choice.from, session);
  const right = useVersion(path, choice.to, session);
  const [asked, setAsked] = useState(false);
  const layout = useStore(settingsStore, (state) => state.diffLayout);
  const body = useRef<HTMLElement>(null);
  const step = useStepping(body, visible);
  const known = checkpoints ?? [];
  const earlier = choice.from ?? choice.to;
  const isCheckpoint = known.some(({ id }) => id === earlier);
  const actions = useMemo<CellActions | null>(
    () => (mayEdit ? actionsOf(path, session, isCheckpoint ? earlier : null) : null),
    [mayEdit, path, session, isCheckpoint, earlier],
  );
  const ready = right.notebook !== null && (choice.from === null || left.notebook !== null);
  const error = left.error ?? right.error;

  // Once it can be read, so that N and P work at once.
  useEffect(() => {
    if (visible && ready) body.current?.focus({ preventScroll: true });
  }, [visible, ready]);

  return (
    <div className="nbdiff" data-context="versions">
      <div className="nbdiff-bar" role="toolbar" aria-label="Comparison">
        <VersionSelect
          label="Before"
          path={path}
          value={choice.from}
          checkpoints={known}
          none="Nothing"
          onChange={(value) => setChoice({ ...choice, from: value })}
        />
        <span aria-hidden className="text-fg-3">
          →
        </span>
        <VersionSelect
          label="After"
          path={path}
          value={choice.to}
          checkpoints={known}
          onChange={(value) => value !== null && setChoice({ ...choice, to: value })}
        />
        <span className="ml-auto" />
        {choice.from === null ? null : (
          <>
            <IconButton label="Previous change" keys="P" onClick={() => step(-1)}>
              <ChevronUp size={14} aria-hidden />
            </IconButton>
            <IconButton label="Next change" keys="N" onClick={() => step(1)}>
              <ChevronDown size={14} aria-hidden />
            </IconButton>
            <Button
              variant="outline"
              aria-pressed={layout === "split"}
              className="aria-pressed:bg-sel aria-pressed:text-fg"
              onClick={() => updateSettings({ diffLayout: layout === "split" ? "unified" : "split" })}
            >
              Side by side
            </Button>
          </>
        )}
        {mayEdit && isCheckpoint ? (
          <Button variant="outline" onClick={() => setAsked(true)}>
            <RotateCcw size={12} aria-hidden /> Restore…
          </Button>
        ) : null}
        <Button variant="outline" onClick={() => openPath(path)}>
          Notebook
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and its keys are N and P */}
      <section ref={body} className="nbdiff-body" tabIndex={0} aria-label="Differences">
        {error !== null ? <ErrorState title="A version cannot be shown" message={error} /> : null}
        {error === null && !ready ? <LoadingState label="Fetching the versions" /> : null}
        {ready && choice.from === null ? <VersionCells notebook={right.notebook!} actions={actions} /> : null}
        {ready && left.notebook ? (
          <DiffCells before={left.notebook} after={right.notebook!} layout={layout} actions={actions} />
        ) : null}
      </section>
      <ConfirmDialog
        open={asked}
        title="Restore this version?"
        description={`The notebook becomes what it was: “${versionLabel(earlier, known)}”. What is there now is kept as a checkpoint, and cells that run go on.`}
        action="Restore"
        onCancel={() => setAsked(false)}
        onConfirm={() => {
          setAsked(false);
          void restore(path, session, { id: earlier });
        }}
      />
    </div>
  );
}

function actionsOf(path: string, session: NotebookSession, checkpointId: string | null): CellActions {
  return {
    copy: (cell) => {
      const { order } = session.store.getState();
      session.insertCell(order.at(-1) ?? null, cell.cell_type, cell.source);
      openPath(path);
    },
    restore: checkpointId === null ? null : (cellId) => void restore(path, session, { id: checkpointId, cellId }),
  };
}

/** Milliseconds after a change of the notebook until "now" is fetched again. */
const AGAIN_MS = 800;

function useVersion(path: string, version: VersionName | null, session: NotebookSession) {
  const [state, setState] = useState<{ notebook: Notebook | null; error: string | null }>({
    notebook: null,
    error: null,
  });
  useEffect(() => {
    setState({ notebook: null, error: null });
    if (version === null) return undefined;
    const abort = new AbortController();
    const load = () =>
      loadVersion(path, version, abort.signal).then(
        (notebook) => setState({ notebook, error: null }),
        (error: unknown) => !abort.signal.aborted && setState({ notebook: null, error: errorMessage(error) }),
      );
    void load();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop =
      version === "now"
        ? session.onEntry(() => {
            timer ??= setTimeout(() => {
              timer = undefined;
              void load();
            }, AGAIN_MS);
          })
        : undefined;
    return () => {
      abort.abort();
      clearTimeout(timer);
      stop?.();
    };
  }, [path, version, session]);
  return state;
}

/** Goes from change to change with N and P; the one gone to has the focus. */
function useStepping(body: RefObject<HTMLElement | null>, visible: boolean): (by: 1 | -1) => void {
  const step = useRef((by: 1 | -1) => {
    const changes = [...(body.current?.querySelectorAll<HTMLElement>("[data-change]") ?? [])];
    const at = changes.findIndex((change) => change.contains(document.activeElement));
    const next = at < 0 ? (by > 0 ? 0 : changes.length - 1) : (at + by + changes.length) % changes.length;
    changes[next]?.focus({ preventScroll: true });
    changes[next]?.scrollIntoView({ block: "nearest" });
  });
  useEffect(() => {
    if (!visible) return undefined;
    const common = { group: "Notebook", context: "versions", hidden: true } as const;
    return registerCommands([
      { ...common, id: "history.next-change", title: "Next change", keys: ["N"], run: () => step.current(1) },
      { ...common, id: "history.previous-change", title: "Previous change", keys: ["P"], run: () => step.current(-1) },
    ]);
  }, [visible]);
  return step.current;
}
