import type { JsonObject } from "@opsbook/jupyter/codec";
import { bundleOf, type MimeBundle, shownBundle } from "../display/bundle.ts";
import { isDisplayHandle } from "../display/display.ts";
import { InterruptedError, KernelError } from "../error.ts";
import type { ExecuteOrder } from "../link.ts";
import { describeTiming, stopwatch } from "../magic/timing.ts";
import { STDERR, streamTag } from "../output/tag.ts";
import { type CellContext, transformCell } from "../transform/cell.ts";
import { type ImportedName, NameTable } from "../transform/names.ts";
import type { Cells } from "./cells.ts";
import type { Config } from "./config.ts";
import { describeError } from "./errors.ts";
import type { Evaluator, Outcome } from "./evaluator.ts";
import { currentExecution, Execution, runIn } from "./execution.ts";
import type { Modules } from "./modules.ts";
import type { Reporter } from "./reporter.ts";
import { Results } from "./results.ts";
import { dispose } from "./runtime.ts";

/** Milliseconds an interrupted cell gets for its `finally` blocks before the kernel goes on without it. */
const GRACE = 200;
/** Numbers of scripts that cells run, beyond those of executions. */
const FIRST_INSIDE = 1_000_000_000;

/** What the thread needs to run cells. */
export interface NotebookParts {
  reporter: Reporter;
  evaluator: Evaluator;
  cells: Cells;
  modules: Modules;
  /** Names of the global object as it was before any library or cell touched it. */
  builtins: ReadonlySet<string>;
  config: Config;
  isMagic(name: string): boolean;
  experimentalDecorators(): boolean;
}

type Ended = Outcome | { kind: "interrupted" };

/** The session's names and values, and the running of cells over them. */
export class Notebook {
  readonly names = new NameTable();
  readonly #parts: NotebookParts;
  readonly #results = new Results();
  /** Tells the worker when the last code of an execution is gone, so that its header can go too. */
  readonly #gone: FinalizationRegistry<number>;
  readonly #context: CellContext;
  readonly #notices: string[] = [];
  #current: Execution | null = null;
  #lastInside = FIRST_INSIDE;
  /** Ends the waiting for the script that runs now. */
  #giveUp: (() => void) | null = null;

  constructor(parts: NotebookParts) {
    this.#parts = parts;
    const { builtins, isMagic, experimentalDecorators } = parts;
    this.#context = { names: this.names, builtins, isMagic, experimentalDecorators };
    this.#results.install();
    this.#gone = new FinalizationRegistry((index) => parts.reporter.send({ type: "forget", index }));
  }

  async execute(order: ExecuteOrder): Promise<void> {
    const execution = new Execution(order);
    // One that waits at a breakpoint.
    const before = this.#current;
    this.#gone.register(execution, order.index);
    this.#current = execution;
    if (order.storeHistory) this.#results.addSource(order.count, order.code);
    this.#sayNotices(order);
    if (this.#parts.config.get("timing") && !order.silent) reportTiming(execution);
    let reply: JsonObject;
    let outputText: string | null = null;
    try {
      const shown = await this.#run(order, execution);
      outputText = shown;
      reply = {
        status: "ok",
        execution_count: order.count,
        payload: execution.payload,
        user_expressions: await this.#userExpressions(order, execution),
      };
    } catch (error) {
      reply = this.#failed(error, order, execution);
    }
    await this.#finish(execution);
    execution.end();
    this.#current = before;
    this.#parts.reporter.send({ type: "done", index: order.index, reply, outputText });
  }

  /** True when that execution was still running. Without one, there is nothing to do but to have answered. */
  interrupt(index: number, terminated: boolean): boolean {
    const execution = this.#current;
    if (!execution || execution.index !== index) return false;
    execution.interrupt();
    // What was cut off never settles; its turn to run `finally` blocks is the rest of this one.
    if (terminated) setImmediate(() => this.#giveUp?.());
    return true;
  }

  /**
   * Loads a module that cells imported anew, and all that depend on it, and gives the names that were imported from
   * them their new values. Answers the names. Throws what the modules throw, and `KernelError` `not-imported`.
   */
  async reload(specifier: string): Promise<string[]> {
    const execution = currentExecution();
    if (!execution) throw new KernelError("not-a-cell", "A module is reloaded by the code of a cell only.");
    const { modules, builtins, evaluator } = this.#parts;
    const affected = modules.forget(specifier);
    const again = [...this.names.imports].filter(([, from]) => affected.has(modules.urlOf(from.specifier) ?? ""));
    const code = again.map(([name, from]) => importStatement(name, from)).join("\n");
    const cell = transformCell(code, { names: this.names, builtins });
    this.names.take(cell.declared);
    const outcome = await evaluator.evaluate(cell.code, execution);
    if (outcome.kind === "threw") throw outcome.error;
    if (again.length === 0) await modules.import(specifier);
    return again.map(([name]) => name);
  }

  /** Errors that nobody caught, of code that a cell started: they are shown where they come from. */
  lateError(error: unknown, execution: Execution | undefined): void {
    if (error instanceof InterruptedError) return;
    const content = describeError(error, { cells: this.#parts.cells, count: execution?.count ?? 0, source: "" });
    if (execution) this.#parts.reporter.publish(execution.index, "error", { ...content });
    else this.#parts.reporter.ring.write(streamTag(0, STDERR), `${content.traceback.join("\n")}\n`);
  }

  /** Runs one cell. Returns the plain text of its value when it has one. */
  async #run(order: ExecuteOrder, execution: Execution): Promise<string | null> {
    const { reporter, cells } = this.#parts;
    const cell = transformCell(order.code, this.#context);
    cells.remember(order.index, { count: order.count, source: order.code, positions: cell.positions });
    for (const name of cell.shadows) {
      const note = `Note: ${name} is a built-in name. Cells now use yours; libraries keep the built-in one.\n`;
      reporter.ring.write(streamTag(order.index, STDERR), note);
    }
    for (const name of cell.closed) {
      const note = `Note: ${name} was declared by \`using\`, so it was closed when its cell ended. Declare it by const to keep it.\n`;
      reporter.ring.write(streamTag(order.index, STDERR), note);
    }
    // Declared before it runs, so that a cell which never ends still leaves its names known.
    const undo = this.names.take(cell.declared);
    const ended = await this.#ended(cell.code, execution);
    const disposing = runIn(execution, () => dispose(execution.disposals));
    if (ended.kind !== "value") disposing.catch((error: unknown) => this.lateError(error, execution));
    switch (ended.kind) {
      case "interrupted":
      case "terminated":
        throw new InterruptedError();
      case "threw":
        if (!ended.compiled) undo();
        throw ended.error;
      case "value":
        await execution.untilInterrupt(disposing);
        return cell.showsValue && this.#shows(order) && isWorthShowing(ended.value)
          ? this.#show(ended.value, order, execution)
          : null;
      default:
        return ended satisfies never;
    }
  }

  /** The script's end, or the interrupt when the script does not end in time after it. */
  #ended(script: string, execution: Execution): Promise<Ended> {
    return new Promise((resolve) => {
      const { evaluator } = this.#parts;
      const before = this.#giveUp;
      let timer: NodeJS.Timeout | undefined;
      const end = (ended: Ended): void => {
        clearTimeout(timer);
        forget();
        this.#giveUp = before;
        resolve(ended);
      };
      const giveUp = (): void => {
        evaluator.abandon();
        end({ kind: "interrupted" });
      };
      const forget = execution.onInterrupt(() => {
        timer = setTimeout(giveUp, GRACE);
      });
      this.#giveUp = giveUp;
      void evaluator.evaluate(script, execution).then((outcome) => {
        // The termination may overtake the message that says why.
        if (outcome.kind === "terminated") execution.interrupt();
        end(execution.interrupted ? { kind: "interrupted" } : outcome);
      });
    });
  }

  #shows(order: ExecuteOrder): boolean {
    return !order.silent && this.#parts.config.get("autoDisplay");
  }

  /** Says something in the first cell that can say anything: what went wrong before it. */
  tell(what: string, error?: unknown): void {
    const place = { cells: this.#parts.cells, count: 0, source: "" };
    const reason = error === undefined ? "" : `: ${describeError(error, place).traceback.join("\n")}`;
    this.#notices.push(`${what}${reason}\n`);
  }

  #sayNotices(order: ExecuteOrder): void {
    if (order.silent) return;
    for (const notice of this.#notices.splice(0))
      this.#parts.reporter.ring.write(streamTag(order.index, STDERR), notice);
  }

  /** Runs a file before the first cell. One that fails is told there and keeps nothing else from running. */
  async startUp(label: string, read: () => string): Promise<void> {
    const execution = new Execution({ index: 0, header: {}, count: 0, allowStdin: false });
    try {
      await runIn(execution, () => this.runInside(read(), execution, label));
    } catch (error) {
      this.tell(`Start-up file ${label}`, error);
    } finally {
      execution.end();
    }
  }

  /** What a cell asked to have done at its very end; it fails on its own. */
  async #finish(execution: Execution): Promise<void> {
    for (const call of execution.finish.splice(0)) {
      try {
        await runIn(execution, call);
      } catch (error) {
        this.lateError(error, execution);
      }
    }
  }

  /** Runs TypeScript in the session as a part of the cell that runs now; its names stay. */
  async runInside(code: string, execution: Execution, label: string | undefined): Promise<unknown> {
    const cell = transformCell(code, this.#context);
    const index = ++this.#lastInside;
    this.#parts.cells.remember(index, {
      count: execution.count,
      source: code,
      positions: cell.positions,
      label: label ?? `In[${execution.count}]`,
    });
    const undo = this.names.take(cell.declared);
    const outcome = await this.#parts.evaluator.evaluate(cell.code, execution, index);
    switch (outcome.kind) {
      case "terminated":
        throw new InterruptedError();
      case "threw":
        if (!outcome.compiled) undo();
        throw outcome.error;
      case "value":
        return cell.showsValue ? outcome.value : undefined;
      default:
        return outcome satisfies never;
    }
  }

  get results(): Results {
    return this.#results;
  }

  async #show(value: unknown, order: ExecuteOrder, execution: Execution): Promise<string> {
    let shown: MimeBundle | Promise<MimeBundle> | undefined;
    const finished = this.#parts.evaluator.guarded(() => {
      shown = runIn(execution, () => shownBundle(value));
    });
    if (!finished || !shown) throw new InterruptedError();
    // A promise settles as the bundle it is of.
    if (shown instanceof Promise) shown = (await execution.untilInterrupt(shown)) as MimeBundle;
    const { data, metadata } = shown;
    const content = { execution_count: order.count, data, metadata };
    runIn(execution, () => this.#parts.reporter.publish(order.index, "execute_result", content));
    if (order.storeHistory) this.#results.addValue(order.count, value);
    return String(data["text/plain"] ?? "");
  }

  #failed(error: unknown, order: ExecuteOrder, execution: Execution): JsonObject {
    // Whatever an interrupted cell ended with, it ended because it was interrupted.
    const shown = execution.interrupted ? new InterruptedError() : error;
    let content = {
      ename: "InterruptedError",
      evalue: "The cell was interrupted.",
      traceback: ["\x1b[1;31mInterrupted\x1b[0m"],
    };
    if (!(shown instanceof InterruptedError)) {
      this.#parts.evaluator.guarded(() => {
        content = describeError(shown, { cells: this.#parts.cells, count: order.count, source: order.code });
      });
    }
    if (!order.silent) this.#parts.reporter.publish(order.index, "error", { ...content });
    return { status: "error", execution_count: order.count, user_expressions: {}, payload: [], ...content };
  }

  async #userExpressions(order: ExecuteOrder, execution: Execution): Promise<JsonObject> {
    const results: JsonObject = {};
    for (const [name, expression] of Object.entries(order.userExpressions)) {
      try {
        const cell = transformCell(expression, this.#context);
        const ended = await this.#ended(cell.code, execution);
        if (ended.kind !== "value") throw ended.kind === "threw" ? ended.error : new InterruptedError();
        const { data, metadata } = bundleOf(ended.value);
        results[name] = { status: "ok", data, metadata };
      } catch (error) {
        results[name] = {
          status: "error",
          ...describeError(error, { cells: this.#parts.cells, count: order.count, source: expression }),
        };
      }
    }
    return results;
  }
}

function reportTiming(execution: Execution): void {
  const stop = stopwatch();
  execution.finish.push(() => process.stdout.write(`${describeTiming(stop())}\n`));
}

const isWorthShowing = (value: unknown): boolean => value !== undefined && !isDisplayHandle(value);

function importStatement(name: string, { specifier, imported, attributes }: ImportedName): string {
  const binding = imported === "*" ? `* as ${name}` : `{ ${JSON.stringify(imported)} as ${name} }`;
  return `import ${binding} from ${JSON.stringify(specifier)} with ${JSON.stringify(attributes)};`;
}
