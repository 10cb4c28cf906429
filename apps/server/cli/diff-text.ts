import type { Cell, Notebook, Output } from "@opsbook/notebook";
import {
  type CellChange,
  diffLines,
  type KeptCell,
  type KeyChange,
  type LineRun,
  type NotebookDiff,
  type OutputChange,
  outputText,
} from "@opsbook/notebook/diff";

/** Same lines shown around a change. */
const CONTEXT = 3;

/** A difference as lines for a terminal: `-` was, `+` is, two spaces for what is the same. */
export function diffText(diff: NotebookDiff): string[] {
  const cells = diff.cells.flatMap(cellText);
  return diff.metadata.length === 0
    ? cells
    : ["@@ metadata of the notebook @@", ...diff.metadata.map(keyText), ...cells];
}

/** A notebook as text, for git's textconv: what a person reads of it, without numbers and colours. */
export function notebookText(notebook: Notebook): string[] {
  return notebook.cells.flatMap((cell, index) => [
    `@@ ${name(cell, index)} @@`,
    ...cell.source.split("\n"),
    ...(cell.cell_type === "code" ? cell.outputs.flatMap((output) => outputLines(output)) : []),
    "",
  ]);
}

const name = (cell: Cell, index: number) => `${cell.cell_type} cell ${index + 1} (${cell.id})`;

function cellText(change: CellChange): string[] {
  switch (change.kind) {
    case "added":
      return [`@@ ${name(change.after.cell, change.after.index)} added @@`, ...whole(change.after.cell, "+")];
    case "removed":
      return [`@@ ${name(change.before.cell, change.before.index)} removed @@`, ...whole(change.before.cell, "-")];
    case "changed":
    case "same":
      return change.kind === "same" && !change.moved ? [] : keptText(change);
  }
}

function whole(cell: Cell, sign: string): string[] {
  const outputs = cell.cell_type === "code" ? cell.outputs.flatMap((output) => outputLines(output)) : [];
  return [...cell.source.split("\n"), ...outputs].map((line) => `${sign} ${line}`);
}

function keptText({ before, after, moved, typeChanged, ...change }: KeptCell): string[] {
  const words = [
    ...(moved ? [`moved from ${before.index + 1}`] : []),
    ...(typeChanged ? [`was ${before.cell.cell_type}`] : []),
    ...(change.kind === "changed" ? ["changed"] : []),
  ];
  return [
    `@@ ${name(after.cell, after.index)} ${words.join(", ")} @@`,
    ...change.metadata.map(keyText),
    ...change.attachments.map(keyText),
    ...(change.source ? runsText(change.source) : []),
    ...(change.outputs ?? []).flatMap(outputChangeText),
  ];
}

function runsText(runs: readonly LineRun[]): string[] {
  return runs.flatMap((run, index) => {
    if (run.kind === "changed")
      return [...run.removed.map((line) => `- ${line}`), ...run.added.map((line) => `+ ${line}`)];
    const head = index === 0 ? 0 : CONTEXT;
    const tail = index === runs.length - 1 ? 0 : CONTEXT;
    if (run.lines.length <= head + tail + 1) return run.lines.map((line) => `  ${line}`);
    const left = run.lines.length - head - tail;
    const shown = [...run.lines.slice(0, head), null, ...run.lines.slice(run.lines.length - tail)];
    return shown.map((line) => (line === null ? `  … ${left} same lines` : `  ${line}`));
  });
}

function outputChangeText({ kind, before, after }: OutputChange): string[] {
  switch (kind) {
    case "same":
      return [];
    case "added":
      return outputLines(after).map((line) => `+ ${line}`);
    case "removed":
      return outputLines(before).map((line) => `- ${line}`);
    case "changed":
      return runsText(diffLines(outputLines(before).join("\n"), outputLines(after).join("\n")));
  }
}

function outputLines(output: Output): string[] {
  const text = outputText(output);
  if (text !== null)
    return text
      .replace(/\n$/, "")
      .split("\n")
      .map((line) => `> ${line}`);
  return [`> [${"data" in output ? Object.keys(output.data).join(", ") : output.output_type}]`];
}

const keyText = ({ key, before, after }: KeyChange) => `  metadata ${key}: ${shown(before)} → ${shown(after)}`;

function shown(value: unknown): string {
  const json = value === undefined ? "nothing" : JSON.stringify(value);
  return json.length > 100 ? `${json.slice(0, 100)}…` : json;
}
