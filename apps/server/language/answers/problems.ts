import type { Problem } from "@opsbook/notebook/language";
import { hintsOf } from "../code/hints.ts";
import type { CellModule } from "../code/module.ts";
import { offsetsOf } from "../documents.ts";
import type { Compiler } from "../lsp/compiler.ts";
import { diagnosticSchema, type LspDiagnostic } from "../lsp/schemas.ts";
import type { Project } from "../project.ts";
import { isBlanked, readable } from "./place.ts";

const MOST_PROBLEMS = 100;
const MOST_CHARACTERS = 2000;
/** `DiagnosticSeverity` of the protocol; hints and information are matters of style. */
const ERROR = 1;
const WARNING = 2;
const isSyntax = (code: number | null) => code !== null && code < 2000;
const ASSIGNED_TO_IMPORT = 2632;

export interface ProblemRequest {
  compiler: Compiler;
  project: Project;
  module: CellModule;
  signal: AbortSignal;
}

/** What is wrong in a cell, in the order of its text. @throws RpcError */
export async function problemsOf({ compiler, project, module, signal }: ProblemRequest): Promise<Problem[]> {
  const params = { textDocument: { uri: project.uri(module.id) } };
  const { items } = diagnosticSchema.parse(await compiler.request("textDocument/diagnostic", params, signal));
  const found = items.map((item) => toProblem(item, module)).filter((problem) => problem !== null);
  const unclosed = module.open.map(({ at, text }) => unclosedProblem(at, text));
  return [...found, ...unclosed, ...hintsOf(module.source)].sort((a, b) => a.start - b.start).slice(0, MOST_PROBLEMS);
}

function toProblem(item: LspDiagnostic, module: CellModule): Problem | null {
  if (item.severity > WARNING) return null;
  const code = typeof item.code === "number" ? item.code : null;
  const { start, end } = offsetsOf(module, item.range);
  const length = module.source.length;
  if (start >= module.tailAt) {
    // `rows.` at the cell's end is found wrong at the first word behind it; all else in the tail is ours.
    if (!isSyntax(code) || module.open.length > 0) return null;
    const last = module.source.trimEnd().length;
    return last === 0 ? null : { start: last - 1, end: last, severity: "error", message: text(item, code), code };
  }
  if (isBlanked(module, start + 1)) return null;
  const severity = item.severity === ERROR ? "error" : "warning";
  return { start, end: Math.min(Math.max(end, start + 1), length), severity, message: text(item, code), code };
}

function text({ message }: LspDiagnostic, code: number | null): string {
  const name = /'([^']+)'/.exec(message)?.[1];
  if (code === ASSIGNED_TO_IMPORT && name)
    return `Cannot assign to '${name}': an earlier cell declares it, and not as a variable (let).`;
  return readable(message).slice(0, MOST_CHARACTERS);
}

function unclosedProblem(at: number, text: string): Problem {
  const what = text === "`" ? "template" : "bracket";
  return { start: at, end: at + text.length, severity: "error", message: `This ${what} is never closed.`, code: null };
}
