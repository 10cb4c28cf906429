import type { LanguageQuestion, LanguageResult } from "@opsbook/notebook/language";
import { sourceHash } from "@opsbook/notebook/session";
import type { Logger } from "pino";
import type { Session } from "../session/index.ts";
import { complete, liveCompletion, resolve } from "./answers/completion.ts";
import type { Place } from "./answers/place.ts";
import { definition, hover, signature } from "./answers/reading.ts";
import { rename } from "./answers/rename.ts";
import { Documents } from "./documents.ts";
import type { LiveValues } from "./live.ts";
import type { Compiler } from "./lsp/compiler.ts";
import { RpcError } from "./lsp/rpc.ts";
import type { LspCompletionItem } from "./lsp/schemas.ts";
import { type CellProblems, ProblemWatch } from "./problem-watch.ts";
import type { Project } from "./project.ts";

/** Milliseconds to wait for a text that a page has and the session has not yet. */
const TEXT_MS = 5000;

/** The page's text is not the session's: somebody else typed in between. */
export class TextChanged extends Error {
  override readonly name = "TextChanged";
}

export interface NotebookLanguageHost {
  session: Session;
  /** The served folder. */
  root: string;
  compiler: Compiler;
  project: Project;
  live: LiveValues;
  log: Logger;
}

/** One person's questions: what the newest completion list held. */
export interface Conversation {
  list: { id: number; origins: readonly (LspCompletionItem | null)[] } | null;
}

/** Answers about the cells of one notebook. */
export class NotebookLanguage {
  readonly #host: NotebookLanguageHost;
  readonly #documents: Documents;
  readonly #problems: ProblemWatch;
  readonly #watch: Disposable;
  readonly #changed = new Set<() => void>();

  constructor(host: NotebookLanguageHost) {
    this.#host = host;
    const { session, compiler, project, log } = host;
    this.#documents = new Documents(compiler, project, () => this.#cells());
    this.#problems = new ProblemWatch({
      compiler,
      project,
      documents: this.#documents,
      onError: (error) => log.error({ err: error }, "problems of a notebook could not be found"),
    });
    this.#watch = session.watch(() => {
      for (const listener of [...this.#changed]) listener();
      this.#problems.touch();
    });
  }

  /**
   * Null: nothing is known about the place.
   * @throws TextChanged, RenameRefused, RpcError
   */
  async ask(
    question: LanguageQuestion,
    conversation: Conversation,
    signal: AbortSignal,
  ): Promise<LanguageResult | null> {
    try {
      return await this.#ask(question, conversation, signal);
    } catch (error) {
      if (!(error instanceof RpcError) || error.code !== "gone" || question.type === "resolve") throw error;
      // The compiler ended meanwhile; a new one is started for the second try.
      return this.#ask(question, conversation, signal);
    }
  }

  async #ask(
    question: LanguageQuestion,
    conversation: Conversation,
    signal: AbortSignal,
  ): Promise<LanguageResult | null> {
    const { compiler, live, root } = this.#host;
    if (question.type === "resolve") {
      const { list } = conversation;
      return resolve({ compiler, signal }, list?.id === question.list ? list.origins[question.item] : undefined);
    }
    const source = await this.#text(question, signal);
    if (!this.#isTypeScript()) return this.#askKernel(question, { source, conversation, signal });
    const modules = await this.#documents.sync(question.type === "complete" ? question.cellId : undefined);
    const module = modules.get(question.cellId);
    if (!module) return null;
    const offset = Math.min(question.offset, source.length);
    const place: Place = { compiler, project: this.#host.project, modules, module, offset, signal };
    switch (question.type) {
      case "complete": {
        const { result, origins } = await complete(place, live, question.trigger);
        conversation.list = { id: question.id, origins };
        return result;
      }
      case "signature":
        return signature(place);
      case "hover":
        return hover(place);
      case "definition":
        return definition(place, root);
      case "rename":
        return rename(place, question.newName);
    }
  }

  /** What is wrong, cell by cell, now and whenever it changes. */
  watchProblems(listener: (found: CellProblems) => void): Disposable {
    return this.#problems.listen(listener);
  }

  /** The compiler was started anew. */
  restarted(): void {
    this.#documents.forget();
    this.#problems.touch();
  }

  async close(): Promise<void> {
    this.#watch[Symbol.dispose]();
    this.#problems.close();
    this.#documents.close();
    await this.#host.project.remove();
  }

  async #askKernel(
    question: LanguageQuestion & { offset?: number },
    { source, conversation, signal }: { source: string; conversation: Conversation; signal: AbortSignal },
  ): Promise<LanguageResult | null> {
    const { live } = this.#host;
    const offset = Math.min(question.offset ?? 0, source.length);
    if (question.type === "complete") {
      const { result, origins } = await liveCompletion(source, { offset, live, signal });
      conversation.list = { id: question.id, origins };
      return result;
    }
    if (question.type !== "hover") return null;
    const text = await live.inspect(source, offset, signal);
    return text === null ? null : { type: "hover", text, range: null };
  }

  /** The cell's text once it is the one the question is about. */
  async #text(
    { cellId, sourceHash: wanted }: { cellId: string; sourceHash: string },
    signal: AbortSignal,
  ): Promise<string> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(TEXT_MS)]);
    for (;;) {
      const source = this.#host.session.state.notebook.cells.find(({ id }) => id === cellId)?.source;
      if (source !== undefined && sourceHash(source) === wanted) return source;
      if (deadline.aborted) throw new TextChanged("The text of the cell is another one by now.");
      await this.#change(deadline);
    }
  }

  #change(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#changed.delete(done);
        deadline.removeEventListener("abort", done);
        resolve();
      };
      this.#changed.add(done);
      deadline.addEventListener("abort", done);
    });
  }

  #isTypeScript(): boolean {
    const { runtime } = this.#host.session.state;
    return runtime.language === "typescript" || runtime.kernelName === "typescript";
  }

  #cells() {
    if (!this.#isTypeScript()) return [];
    return this.#host.session.state.notebook.cells.filter(({ cell_type }) => cell_type === "code");
  }
}
