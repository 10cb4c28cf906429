import type { Cell } from "@opsbook/notebook";
import { type CellChange, diffLines, type KeptCell, type LineRun } from "@opsbook/notebook/diff";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { type DiffLayout, DiffLines } from "./diff-lines.tsx";
import { DiffOutputs, PlainOutput } from "./diff-outputs.tsx";
import { KeyChanges } from "./key-changes.tsx";

export interface CellActions {
  /** Puts a copy at the end of the notebook. */
  copy(cell: Cell): void;
  /** Null where the earlier version is no checkpoint. */
  restore: ((cellId: string) => void) | null;
}

interface Props {
  change: CellChange;
  layout: DiffLayout;
  actions: CellActions | null;
}

export function DiffCell({ change, layout, actions }: Props) {
  const title = titleOf(change);
  const isSame = change.kind === "same" && !change.moved;
  return (
    <article
      className="nbdiff-cell"
      data-kind={change.kind}
      aria-label={title.text}
      // Changes are gone to by N and P.
      {...(isSame ? {} : { "data-change": "", tabIndex: -1 })}
    >
      <header>
        <span className="nbdiff-cell-title">{title.name}</span>
        {title.badges.map(([words, tone]) => (
          <Badge key={words} tone={tone}>
            {words}
          </Badge>
        ))}
        <span className="flex-1" />
        {actions && change.before && !isSame ? <Actions cell={change.before.cell} actions={actions} /> : null}
      </header>
      <Content change={change} layout={layout} />
    </article>
  );
}

export function Actions({ cell, actions }: { cell: Cell; actions: CellActions }) {
  return (
    <span className="nbdiff-cell-actions">
      {actions.restore ? (
        <Button aria-label={`Restore cell ${cell.id}`} onClick={() => actions.restore?.(cell.id)}>
          Restore this cell
        </Button>
      ) : null}
      <Button aria-label={`Copy cell ${cell.id} into the notebook`} onClick={() => actions.copy(cell)}>
        Copy into the notebook
      </Button>
    </span>
  );
}

function Content({ change, layout }: { change: CellChange; layout: DiffLayout }) {
  if (change.kind === "added") return <WholeCell cell={change.after.cell} side="after" layout={layout} />;
  if (change.kind === "removed") return <WholeCell cell={change.before.cell} side="before" layout={layout} />;
  return <Kept change={change} layout={layout} />;
}

function Kept({ change, layout }: { change: KeptCell; layout: DiffLayout }) {
  const { before, source, outputs, metadata, attachments } = change;
  return (
    <>
      <DiffLines runs={source ?? same(before.cell.source)} layout={layout} />
      {outputs ? <DiffOutputs changes={outputs} layout={layout} /> : null}
      {metadata.length > 0 ? <KeyChanges title="Metadata" changes={metadata} /> : null}
      {attachments.length > 0 ? <KeyChanges title="Attachments" changes={attachments} /> : null}
    </>
  );
}

function WholeCell({ cell, side, layout }: { cell: Cell; side: "before" | "after"; layout: DiffLayout }) {
  const runs = side === "after" ? diffLines("", cell.source) : diffLines(cell.source, "");
  return (
    <>
      <DiffLines runs={runs} layout={layout} />
      {cell.cell_type === "code"
        ? cell.outputs.map((output, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: outputs of a version never change
            <div key={index} className="nbdiff-output" data-side={side}>
              <PlainOutput output={output} />
            </div>
          ))
        : null}
    </>
  );
}

function same(source: string): LineRun[] {
  return [{ kind: "same", lines: source.split("\n"), before: 0, after: 0 }];
}

const TYPES = { code: "Code", markdown: "Text", raw: "Raw" } as const;

function titleOf(change: CellChange): { name: string; text: string; badges: [string, Tone][] } {
  const place = change.after ?? change.before;
  const name = `${TYPES[place.cell.cell_type]} cell ${place.index + 1}`;
  const badges: [string, Tone][] = [];
  if (change.kind === "added") badges.push(["added", "ok"]);
  if (change.kind === "removed") badges.push(["removed", "fail"]);
  if (change.kind === "changed") badges.push(["changed", "accent"]);
  if ("moved" in change && change.moved) badges.push([`moved from ${change.before.index + 1}`, "queue"]);
  if ("typeChanged" in change && change.typeChanged)
    badges.push([`was ${TYPES[change.before.cell.cell_type].toLowerCase()}`, "stale"]);
  return { name, badges, text: [name, ...badges.map(([words]) => words)].join(", ") };
}
