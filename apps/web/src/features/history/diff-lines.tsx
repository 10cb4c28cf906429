import { type LineRun, type Mark, markWords } from "@opsbook/notebook/diff";
import { type ReactNode, useMemo, useState } from "react";

export type DiffLayout = "split" | "unified";

/** Same lines shown around a change. */
const CONTEXT = 3;

interface Line {
  /** From 1; null where the other side has a line more. */
  number: number | null;
  text: string;
  marks: readonly Mark[];
}

interface Pair {
  kind: "same" | "changed";
  before: Line | null;
  after: Line | null;
}

/** Two texts by lines, with what differs within a line marked. */
export function DiffLines({ runs, layout }: { runs: readonly LineRun[]; layout: DiffLayout }) {
  const pairs = useMemo(() => runs.map(pairsOf), [runs]);
  return (
    <div className="nbdiff-lines" data-layout={layout}>
      {pairs.map((run, index) => (
        <Run
          // biome-ignore lint/suspicious/noArrayIndexKey: runs of two versions never change
          key={index}
          pairs={run}
          layout={layout}
          context={{ head: index > 0, tail: index < pairs.length - 1 }}
        />
      ))}
    </div>
  );
}

interface RunProps {
  pairs: readonly Pair[];
  layout: DiffLayout;
  /** Whether a change stands before and after it. */
  context: { head: boolean; tail: boolean };
}

function Run({ pairs, layout, context }: RunProps) {
  const [open, setOpen] = useState(false);
  const head = context.head ? CONTEXT : 0;
  const tail = context.tail ? CONTEXT : 0;
  const hidden = pairs.length - head - tail;
  const foldable = pairs[0]?.kind === "same" && (context.head || context.tail) && hidden > 2;
  if (!foldable || open) return <Lines pairs={pairs} layout={layout} />;
  return (
    <>
      <Lines pairs={pairs.slice(0, head)} layout={layout} />
      <button type="button" className="nbdiff-fold" onClick={() => setOpen(true)}>
        {hidden} lines that are the same
      </button>
      <Lines pairs={pairs.slice(pairs.length - tail)} layout={layout} />
    </>
  );
}

function Lines({ pairs, layout }: { pairs: readonly Pair[]; layout: DiffLayout }) {
  if (layout === "split")
    return pairs.map(({ kind, before, after }, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: lines of two versions never change
      <div key={index} className="nbdiff-row">
        <Side line={before} kind={kind === "same" ? "same" : "before"} />
        <Side line={after} kind={kind === "same" ? "same" : "after"} />
      </div>
    ));
  const changed = pairs.some(({ kind }) => kind === "changed");
  if (!changed)
    return pairs.map(({ after }, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: as above
      <Side key={index} line={after} kind="same" />
    ));
  return (
    <>
      {pairs.map(({ before }, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        before ? <Side key={index} line={before} kind="before" /> : null,
      )}
      {pairs.map(({ after }, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        after ? <Side key={index} line={after} kind="after" /> : null,
      )}
    </>
  );
}

const SIGNS = { same: " ", before: "−", after: "+" } as const;
const WORDS = { same: null, before: "removed: ", after: "added: " } as const;

function Side({ line, kind }: { line: Line | null; kind: "same" | "before" | "after" }) {
  if (!line) return <div className="nbdiff-line" data-side="none" />;
  return (
    <div className="nbdiff-line" data-side={kind}>
      <span className="nbdiff-number" aria-hidden>
        {line.number}
      </span>
      <span className="nbdiff-sign" aria-hidden>
        {SIGNS[kind]}
      </span>
      <code>
        {WORDS[kind] ? <span className="sr-only">{WORDS[kind]}</span> : null}
        {marked(line)}
      </code>
    </div>
  );
}

function marked({ text, marks }: Line): ReactNode {
  if (marks.length === 0) return text === "" ? "\u200b" : text;
  const parts: ReactNode[] = [];
  let at = 0;
  for (const { from, to } of marks) {
    parts.push(text.slice(at, from), <mark key={from}>{text.slice(from, to)}</mark>);
    at = to;
  }
  return [...parts, text.slice(at)];
}

function pairsOf(run: LineRun): Pair[] {
  if (run.kind === "same")
    return run.lines.map((text, index) => ({
      kind: "same",
      before: { number: run.before + index + 1, text, marks: [] },
      after: { number: run.after + index + 1, text, marks: [] },
    }));
  const { removed, added } = run;
  return Array.from({ length: Math.max(removed.length, added.length) }, (_, index): Pair => {
    const before = removed[index];
    const after = added[index];
    const words = before !== undefined && after !== undefined ? markWords(before, after) : null;
    return {
      kind: "changed",
      before:
        before === undefined
          ? null
          : { number: run.before + index + 1, text: before, marks: worthMarking(words?.before, before) },
      after:
        after === undefined
          ? null
          : { number: run.after + index + 1, text: after, marks: worthMarking(words?.after, after) },
    };
  });
}

/** Marks over nearly all of a line say no more than the line's own colour. */
function worthMarking(marks: readonly Mark[] | undefined, text: string): readonly Mark[] {
  const length = (marks ?? []).reduce((sum, { from, to }) => sum + to - from, 0);
  return marks && length < text.trim().length * 0.8 ? marks : [];
}
