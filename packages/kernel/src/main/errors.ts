import { inspect } from "node:util";
import { COLORS } from "../output/stdio.ts";
import { plainName } from "../transform/names.ts";
import { CellSyntaxError, type SourcePosition } from "../transform/strip.ts";
import { type Cells, SCRIPT_PREFIX } from "./cells.ts";
import { awaitOf } from "./execution.ts";
import { translateLibraryFrames } from "./library-frames.ts";

/** Causes and parts of an AggregateError shown below an error. */
const MAX_RELATED = 5;
const MAX_DEPTH = 4;
/** Lines of source shown before the line of an error. */
const CONTEXT_LINES = 2;
const INNER_FRAMES = 4;

const RED = COLORS ? "\x1b[31m" : "";
const BOLD_RED = COLORS ? "\x1b[1;31m" : "";
const DIM = COLORS ? "\x1b[2m" : "";
const RESET = COLORS ? "\x1b[0m" : "";

export interface ErrorContent {
  ename: string;
  evalue: string;
  traceback: string[];
}

/** Frames of the machinery below a cell: this package and the inspector that evaluates. */
const OWN_FRAME = /packages\/kernel\/src\/|@opsbook\/kernel\/|node:(?:internal\/)?inspector|__opsbook_/;

/** Folders of preloaded libraries, as URLs: what is inside them is no more a person's business than Node is. */
const preloaded: string[] = [];

export function hideFramesOf(folderUrl: string): void {
  preloaded.push(folderUrl);
}

const isInner = (frame: string): boolean =>
  /\(?node:|\(?<anonymous>\)?$/.test(frame) || preloaded.some((folder) => frame.includes(folder));

/** Stack texts speak of cells from the moment they are made, wherever they are printed. */
export function installStackTranslation(cells: Cells): void {
  Error.prepareStackTrace = (error, frames) => {
    const lines = withoutMachinery(frames.map(String));
    const head = headline(error);
    return cells.translate(translateLibraryFrames([head, ...lines.map((line) => `    at ${line}`)].join("\n")));
  };
}

/** What is below a cell's outermost frame is how cells are run, not what they did. */
function withoutMachinery(frames: readonly string[]): string[] {
  const outermost = frames.findLastIndex((frame) => frame.includes(SCRIPT_PREFIX));
  return (outermost < 0 ? frames : frames.slice(0, outermost + 1)).filter((frame) => !OWN_FRAME.test(frame));
}

/** An error of a cell as the protocol's three fields; `source` is that cell's text, for errors of its syntax. */
export function describeError(error: unknown, at: { cells: Cells; count: number; source: string }): ErrorContent {
  try {
    return describe(error, at);
  } catch {
    return {
      ename: "Error",
      evalue: "An error that cannot be shown was thrown.",
      traceback: ["An error that cannot be shown was thrown."],
    };
  }
}

function describe(error: unknown, at: { cells: Cells; count: number; source: string }): ErrorContent {
  if (!isErrorLike(error)) {
    const evalue = inspect(error, { depth: 2, breakLength: 100 });
    return {
      ename: "Uncaught",
      evalue,
      traceback: [`${BOLD_RED}Uncaught${RESET} ${inspect(error, { colors: COLORS })}`],
    };
  }
  const ename = text(error.name) || "Error";
  const evalue = plainName(text(error.message));
  if (error instanceof CellSyntaxError) {
    const place = error.position
      ? ` ${DIM}(In[${at.count}]:${error.position.line}:${error.position.column})${RESET}`
      : "";
    const traceback = [`${BOLD_RED}${ename}${RESET}: ${evalue}${place}`];
    if (error.position) traceback.push(...codeFrame(at.source, error.position));
    return { ename, evalue, traceback };
  }
  return { ename, evalue, traceback: traceback(error, { cells: at.cells, seen: new Set(), depth: 0 }) };
}

type ErrorLike = { name: unknown; message: unknown; stack?: unknown; cause?: unknown; errors?: unknown };

function isErrorLike(value: unknown): value is ErrorLike {
  return (
    value instanceof Error || (typeof value === "object" && value !== null && "stack" in value && "message" in value)
  );
}

function traceback(error: ErrorLike, walk: { cells: Cells; seen: Set<unknown>; depth: number }): string[] {
  walk.seen.add(error);
  const stack = walk.cells.translate(text(error.stack));
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const through = awaitOf(error);
  const awaitedAt = through && walk.cells.nameOf(through);
  if (awaitedAt && !frames.some((frame) => frame.includes(awaitedAt.replace(/\d+$/, ""))))
    frames.push(`    at await ${awaitedAt}`);
  const head = `${BOLD_RED}${text(error.name) || "Error"}${RESET}: ${RED}${plainName(text(error.message))}${RESET}`;
  const lines = [head];
  const place = firstPlace(frames);
  const source = place && walk.cells.sourceOf(place.count);
  if (source && walk.depth === 0) lines.push(...codeFrame(source, place));
  // All of them are inner ones where an error came out of nowhere, such as a socket: then the first ones may tell.
  const outer = frames.filter((frame) => !isInner(frame));
  const shown = outer.length > 0 || walk.depth > 0 ? outer : frames.slice(0, INNER_FRAMES);
  lines.push(...shown.map((frame) => (frame.includes("In[") ? frame : `${DIM}${frame}${RESET}`)));
  const extra = fields(error);
  if (extra) lines.push(extra);
  if (walk.depth < MAX_DEPTH) lines.push(...related(error, walk));
  return lines;
}

function related(error: ErrorLike, walk: { cells: Cells; seen: Set<unknown>; depth: number }): string[] {
  const parts: [string, unknown][] = [];
  if (error.cause !== undefined) parts.push(["Caused by", error.cause]);
  if (Array.isArray(error.errors)) {
    for (const one of error.errors.slice(0, MAX_RELATED)) parts.push(["One of its errors", one]);
    const more = error.errors.length - MAX_RELATED;
    if (more > 0) parts.push([`and ${more} more`, undefined]);
  }
  return parts.flatMap(([label, part]) => {
    if (part === undefined || walk.seen.has(part)) return [`  ${label}`];
    const lines = isErrorLike(part)
      ? traceback(part, { ...walk, depth: walk.depth + 1 })
      : [inspect(part, { colors: COLORS, depth: 2 })];
    return [`  ${DIM}${label}:${RESET}`, ...lines.map((line) => `    ${line}`)];
  });
}

/** True of a text that the message holds already. */
const isSaid = (value: unknown, message: unknown): boolean =>
  typeof value === "string" && text(message).includes(value.trim());

/** What libraries hang on their errors: code, status, path; not what is empty or repeats the message. */
function fields(error: ErrorLike): string | null {
  const own: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(error)) {
    if (["name", "message", "stack", "cause", "errors"].includes(key)) continue;
    if (value === undefined || value === null || isSaid(value, error.message)) continue;
    own[key] = value;
  }
  if (Object.keys(own).length === 0) return null;
  const shown = inspect(
    { ...own },
    { colors: COLORS, depth: 1, breakLength: 100, maxStringLength: 1000, maxArrayLength: 20 },
  );
  return `  ${shown.replaceAll("\n", "\n  ")}`;
}

function firstPlace(frames: readonly string[]): (SourcePosition & { count: number }) | null {
  for (const frame of frames) {
    const match = /In\[(\d+)\]:(\d+):(\d+)/.exec(frame);
    if (match) return { count: Number(match[1]), line: Number(match[2]), column: Number(match[3]) };
  }
  return null;
}

function codeFrame(source: string, at: SourcePosition): string[] {
  const lines = source.split("\n");
  const first = Math.max(1, at.line - CONTEXT_LINES);
  const width = String(at.line).length;
  const shown = lines.slice(first - 1, at.line).map((line, i) => {
    const number = first + i;
    const marker = number === at.line ? `${RED}>${RESET}` : " ";
    return `${marker} ${DIM}${String(number).padStart(width)} |${RESET} ${line.slice(0, 200)}`;
  });
  if (at.column <= 200)
    shown.push(`  ${" ".repeat(width)} ${DIM}|${RESET} ${" ".repeat(Math.max(0, at.column - 1))}${RED}^${RESET}`);
  return shown;
}

function headline(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "Error";
  }
}

function text(value: unknown): string {
  try {
    return value === undefined || value === null ? "" : String(value);
  } catch {
    return "";
  }
}
