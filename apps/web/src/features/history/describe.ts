import type { TimelineEvent } from "@opsbook/notebook/session";
import { displayName } from "../../core/paths.ts";

export type Kind = TimelineEvent["kind"];

export const KIND_WORDS: Record<Kind, string> = {
  edit: "Edits",
  run: "Runs",
  kernel: "Kernel",
  checkpoint: "Checkpoints",
  version: "Restores and outside changes",
};

const ACTIONS: Record<Extract<TimelineEvent, { kind: "edit" }>["actions"][number], string> = {
  edited: "edited",
  added: "added",
  deleted: "deleted",
  "brought-back": "brought back",
  moved: "moved",
  "type-changed": "changed the type of",
  metadata: "changed the metadata of",
  cleared: "cleared the outputs of",
};

const CHECKPOINTS: Record<string, string> = {
  interval: "Automatic checkpoint",
  restore: "Checkpoint before a restore",
  restart: "Checkpoint before a restart",
  conflict: "Checkpoint before a conflict was settled",
  api: "Checkpoint made by a program",
};

const cellWords = (count: number) => (count === 1 ? "a cell" : `${count} cells`);

/** What happened, without who and when. */
export function describe(event: TimelineEvent): string {
  switch (event.kind) {
    case "edit":
      return sentence(
        `${listed(event.actions.map((action) => ACTIONS[action]))} ${event.cells.length === 0 ? "the notebook" : cellWords(event.cells.length)}`,
      );
    case "run":
      return runWords(event);
    case "kernel":
      return kernelWords(event);
    case "checkpoint":
      return checkpointWords(event);
    case "version":
      return event.cause === "outside" ? "The file was changed outside" : `Restored “${versionName(event.label)}”`;
  }
}

function runWords({ outcome, runs, duration }: Extract<TimelineEvent, { kind: "run" }>): string {
  const cells = cellWords(runs);
  switch (outcome) {
    case "ok":
      return `Ran ${cells}, ${lasted(duration)}`;
    case "error":
      return sentence(`${cells} failed after ${lasted(duration)}`);
    case "interrupted":
      return sentence(`${cells} ${runs === 1 ? "was" : "were"} interrupted after ${lasted(duration)}`);
    case "not-run":
      return sentence(`${cells} did not run`);
    default:
      return outcome satisfies never;
  }
}

function kernelWords({ what, detail }: Extract<TimelineEvent, { kind: "kernel" }>): string {
  const words = { restarted: "Restarted the kernel", interrupted: "Interrupted the kernel", died: "The kernel died" };
  if (what === "changed") return `Changed the kernel to ${displayName(detail ?? "another")}`;
  return detail ? `${words[what]}: ${displayName(detail)}` : words[what];
}

function checkpointWords({ what, name, reason }: Extract<TimelineEvent, { kind: "checkpoint" }>): string {
  const title = name === null ? null : `“${displayName(name)}”`;
  if (what === "created") return title === null ? (CHECKPOINTS[reason ?? ""] ?? "Checkpoint") : `Checkpoint ${title}`;
  return `${what === "renamed" ? "Named a checkpoint" : "Deleted the checkpoint"} ${title ?? "of the server"}`;
}

/** A checkpoint without a name goes by its time. */
function versionName(label: string): string {
  const at = Date.parse(label);
  return Number.isNaN(at) ? displayName(label) : TIME.format(at);
}

const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const sentence = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);
const listed = (words: readonly string[]) =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

function lasted(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
