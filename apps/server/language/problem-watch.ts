import type { Problem } from "@opsbook/notebook/language";
import { sourceHash } from "@opsbook/notebook/session";
import { problemsOf } from "./answers/problems.ts";
import type { CellModule } from "./code/module.ts";
import type { Documents } from "./documents.ts";
import type { Compiler } from "./lsp/compiler.ts";
import { RpcError } from "./lsp/rpc.ts";
import type { Project } from "./project.ts";

/** Milliseconds without a change before cells are looked through again. */
const QUIET_MS = 200;

export interface CellProblems {
  cellId: string;
  sourceHash: string;
  problems: Problem[];
}

export interface ProblemWatchHost {
  compiler: Compiler;
  project: Project;
  documents: Documents;
  onError(error: unknown): void;
}

/** Looks through the cells that an edit touched, the cell itself first, and tells what is wrong in each. */
export class ProblemWatch {
  readonly #host: ProblemWatchHost;
  readonly #listeners = new Set<(found: CellProblems) => void>();
  readonly #checked = new Map<string, { stamp: number; found: CellProblems }>();
  #timer: NodeJS.Timeout | undefined;
  #running: AbortController | null = null;

  constructor(host: ProblemWatchHost) {
    this.#host = host;
  }

  /** Tells what is known at once, and every change from then on. */
  listen(listener: (found: CellProblems) => void): Disposable {
    this.#listeners.add(listener);
    for (const { found } of this.#checked.values()) listener(found);
    this.touch(0);
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener);
        if (this.#listeners.size === 0) this.#stop();
      },
    };
  }

  /** Something changed. */
  touch(delay = QUIET_MS): void {
    if (this.#listeners.size === 0) return;
    this.#stop();
    this.#timer = setTimeout(() => void this.#run(), delay);
  }

  close(): void {
    this.#listeners.clear();
    this.#stop();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#running?.abort();
    this.#running = null;
  }

  async #run(): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    const { documents, compiler, project } = this.#host;
    try {
      await this.#filesChanged();
      const modules = await documents.sync();
      const stamps = documents.stamps();
      for (const id of this.#checked.keys()) if (!modules.has(id)) this.#checked.delete(id);
      for (const module of modules.values()) {
        const stamp = stamps.get(module.id) ?? 0;
        if (this.#checked.get(module.id)?.stamp === stamp) continue;
        if (running.signal.aborted) return;
        const problems = await problemsOf({ compiler, project, module, signal: running.signal });
        this.#tell(module, { stamp, problems });
      }
    } catch (error) {
      if (!(error instanceof RpcError)) this.#host.onError(error);
    }
  }

  async #filesChanged(): Promise<void> {
    const { documents, compiler, project } = this.#host;
    const changes = await project.changes(relativeImports(documents.modules.values()));
    if (changes.length === 0) return;
    compiler.notify("workspace/didChangeWatchedFiles", { changes });
    documents.forget();
  }

  #tell({ id, source }: CellModule, { stamp, problems }: { stamp: number; problems: Problem[] }): void {
    const found = { cellId: id, sourceHash: sourceHash(source), problems };
    const before = this.#checked.get(id)?.found;
    this.#checked.set(id, { stamp, found });
    if (before && JSON.stringify(before) === JSON.stringify(found)) return;
    for (const listener of this.#listeners) listener(found);
  }
}

const RELATIVE = /\b(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"'\n]+)["']/g;

function* relativeImports(modules: Iterable<CellModule>): Iterable<string> {
  for (const { source } of modules) for (const [, specifier = ""] of source.matchAll(RELATIVE)) yield specifier;
}
