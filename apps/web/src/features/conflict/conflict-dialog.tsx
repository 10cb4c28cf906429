import "../history/history.css";
import "./conflict.css";
import type { CellChange, Side } from "@opsbook/notebook/diff";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { errorMessage } from "../../core/api.ts";
import { type ConflictView, cellKey, conflictStore, decideConflict, loadConflict } from "../../core/conflict.ts";
import type { NotebookSession } from "../../core/session/notebook-session.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorState, LoadingState } from "../../ui/message.tsx";
import { DiffCell } from "../history/diff-cell.tsx";
import { KeyChanges } from "../history/key-changes.tsx";

const close = () => conflictStore.setState({ sessionId: null });

/** Both versions side by side, with a choice for each cell; the default export is for `lazy`. */
export default function ConflictDialog({ session }: { session: NotebookSession }) {
  const [view, setView] = useState<ConflictView | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [working, setWorking] = useState(false);
  const [sides, setSides] = useState<ReadonlyMap<string, Side>>(new Map());
  const [metadata, setMetadata] = useState<"mine" | "theirs">("mine");
  useEffect(() => {
    const abort = new AbortController();
    loadConflict(session.sessionId, abort.signal).then(
      (loaded) => (loaded ? setView(loaded) : close()),
      (reason: unknown) => !abort.signal.aborted && setError(errorMessage(reason)),
    );
    return () => abort.abort();
  }, [session]);

  const choose = (key: string, side: Side) => setSides((before) => new Map(before).set(key, side));
  const chooseAll = (side: "mine" | "theirs") => {
    setSides(new Map(view?.cells.map((change) => [cellKey(change), side])));
    setMetadata(side);
  };
  const apply = async () => {
    if (!view) return;
    setWorking(true);
    try {
      await decideConflict(session.sessionId, { conflict: view.conflict, sides, metadata });
      close();
    } catch (reason) {
      setError(errorMessage(reason));
    }
    setWorking(false);
  };

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && close()}
      title="Choose between two versions"
      description="Left is what is here now, right the other version. Nothing is lost: what is here becomes a checkpoint first, and the other version stays in its file. Keys: N and P go from change to change; H keeps what is here, O takes the other, B keeps both."
      width={1120}
      footer={
        <>
          <Button onClick={() => chooseAll("mine")}>All from here</Button>
          <Button onClick={() => chooseAll("theirs")}>All from the other version</Button>
          <span className="flex-1" />
          <Button variant="outline" onClick={close}>
            Decide later
          </Button>
          <Button variant="primary" disabled={!view || working} onClick={() => void apply()}>
            Apply
          </Button>
        </>
      }
    >
      {error !== null ? <ErrorState title="The two versions cannot be put together" message={error} /> : null}
      {error === null && !view ? <LoadingState label="Fetching the other version" /> : null}
      {view ? (
        <Changes view={view} sides={sides} choose={choose}>
          {view.metadata.length > 0 ? (
            <section className="conflict-change" aria-label="Metadata of the notebook" tabIndex={-1} data-change="">
              <KeyChanges title="Metadata of the notebook" changes={view.metadata} />
              <Choice
                name="metadata"
                about="the notebook's metadata"
                value={metadata}
                sides={["mine", "theirs"]}
                onChange={(side) => setMetadata(side === "theirs" ? "theirs" : "mine")}
              />
            </section>
          ) : null}
        </Changes>
      ) : null}
    </Dialog>
  );
}

interface ChangesProps {
  view: ConflictView;
  sides: ReadonlyMap<string, Side>;
  choose(key: string, side: Side): void;
  children: React.ReactNode;
}

const KEYS: Record<string, Side> = { h: "mine", o: "theirs", b: "both" };

function Changes({ view, sides, choose, children }: ChangesProps) {
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    const changes = [...(list.current?.querySelectorAll<HTMLElement>(".conflict-change") ?? [])];
    const at = changes.findIndex((change) => change.contains(document.activeElement));
    if (key === "n" || key === "p") {
      const next = changes[at < 0 ? 0 : (at + (key === "n" ? 1 : -1) + changes.length) % changes.length];
      next?.focus();
      next?.scrollIntoView({ block: "nearest" });
    } else if (KEYS[key] && changes[at]?.dataset.cell !== undefined) choose(changes[at].dataset.cell, KEYS[key]);
    else return;
    event.preventDefault();
  };
  useEffect(() => list.current?.querySelector<HTMLElement>(".conflict-change")?.focus({ preventScroll: true }), []);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys for what has the focus inside of it
    <div ref={list} onKeyDown={onKeyDown}>
      {view.cells.length === 0 && view.metadata.length === 0 ? (
        <p>Both versions have the same content by now. Apply ends this.</p>
      ) : null}
      {children}
      {view.cells.map((change) => (
        <CellChoice
          key={cellKey(change)}
          change={change}
          side={sides.get(cellKey(change)) ?? "mine"}
          onChange={(side) => choose(cellKey(change), side)}
        />
      ))}
    </div>
  );
}

function CellChoice({ change, side, onChange }: { change: CellChange; side: Side; onChange(side: Side): void }) {
  const key = cellKey(change);
  const name = `Cell ${(change.before ?? change.after).index + 1}`;
  return (
    <section className="conflict-change" aria-label={name} tabIndex={-1} data-cell={key} data-side={side}>
      <DiffCell change={change} layout="split" actions={null} />
      <Choice
        name={key}
        about={name}
        value={side}
        sides={change.kind === "changed" ? ["mine", "theirs", "both"] : ["mine", "theirs"]}
        words={wordsOf(change)}
        onChange={onChange}
      />
    </section>
  );
}

const WORDS: Record<Side, string> = { mine: "Keep what is here", theirs: "Take the other version", both: "Keep both" };

function wordsOf(change: CellChange): Partial<Record<Side, string>> {
  if (change.kind === "added") return { mine: "Leave it out", theirs: "Add it" };
  if (change.kind === "removed") return { theirs: "Remove it" };
  return {};
}

interface ChoiceProps {
  name: string;
  about: string;
  value: Side;
  sides: readonly Side[];
  words?: Partial<Record<Side, string>>;
  onChange(side: Side): void;
}

function Choice({ name, about, value, sides, words = {}, onChange }: ChoiceProps) {
  return (
    <fieldset className="conflict-choice">
      <legend className="sr-only">{`Which version of ${about}?`}</legend>
      {sides.map((side) => (
        <label key={side}>
          <input type="radio" name={`side-${name}`} checked={value === side} onChange={() => onChange(side)} />
          {words[side] ?? WORDS[side]}
        </label>
      ))}
    </fieldset>
  );
}
