import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { Worker } from "node:worker_threads";
import type { JsonObject } from "@opsbook/jupyter/codec";
import { createClearOutput, createDisplay } from "../display/display.ts";
import type { createShow } from "../display/show.ts";
import type { Question, ToMain } from "../link.ts";
import type { RingMemory } from "../output/ring.ts";
import { captureOutput } from "../output/stdio.ts";
import { completeness } from "../transform/completeness.ts";
import type { createUi } from "../ui/ui.ts";
import { Breakpoints } from "./breakpoints.ts";
import { Cells } from "./cells.ts";
import { Children } from "./children.ts";
import { Completer } from "./complete.ts";
import { Config } from "./config.ts";
import { experimentalDecorators, loadDecoratedFiles } from "./decorated-files.ts";
import { hideFramesOf, installStackTranslation } from "./errors.ts";
import { Evaluator } from "./evaluator.ts";
import { currentExecution, runOutside } from "./execution.ts";
import { installHost } from "./host.ts";
import { HostLink } from "./host-link.ts";
import { captureInheritedOutput } from "./inherited-output.ts";
import { inspectAt } from "./inspect.ts";
import { installLastWords } from "./last-words.ts";
import { KernelMagics } from "./magics.ts";
import { Modules } from "./modules.ts";
import { Notebook } from "./notebook.ts";
import { Prompts } from "./prompts.ts";
import { Reporter } from "./reporter.ts";
import { installRuntime } from "./runtime.ts";
import { loadProfile, startupFiles } from "./startup.ts";

export interface KernelOptions {
  worker: Worker;
  ring: RingMemory;
  flags: Int32Array;
  preloads: readonly string[];
  /** Packages that export a profile. */
  profiles: readonly string[];
  /** Options as `name=value`. */
  sets: readonly string[];
  /** Folder of the history, null when none is kept. */
  history: string | null;
  folder: string;
}

/** Makes this thread a kernel's: what cells see is put in place, preloads run, and orders of the worker are taken. */
export async function startKernel(options: KernelOptions): Promise<void> {
  const { worker } = options;
  const builtins = new Set(Object.getOwnPropertyNames(globalThis));
  const reporter = new Reporter(options.ring, worker);
  const exit = installLastWords(reporter, options.flags);
  const cells = new Cells();
  const evaluator = new Evaluator();
  const children = new Children(reporter);
  const prompts = new Prompts(reporter);
  const display = createDisplay(reporter);
  const modules = new Modules(options.folder);
  const magics = new KernelMagics();
  const config = new Config(options.folder, options.sets);
  const isExperimental = (): boolean => experimentalDecorators(options.folder);
  loadDecoratedFiles(isExperimental);
  const notebook = new Notebook({
    ...{ reporter, evaluator, cells, builtins, modules, config },
    isMagic: magics.has,
    experimentalDecorators: isExperimental,
  });
  for (const problem of config.problems) notebook.tell(problem);
  const completer = new Completer(evaluator, notebook.names);
  installStackTranslation(cells);
  captureOutput(reporter.ring);
  captureInheritedOutput(reporter.ring, (order) => worker.postMessage(order));
  installRuntime(options.folder, { modules, isConstant: (name) => notebook.names.kinds.has(name) });
  const link = new HostLink(reporter, options.flags);
  installHost({ link, display, prompts, children });
  const note = (text: string) => void display.raw({ data: { "text/plain": text }, metadata: {} });
  defineLazily("show", () => load<{ createShow: typeof createShow }>("../display/show").createShow(display));
  defineLazily("ui", () =>
    load<{ createUi: typeof createUi }>("../ui/ui").createUi({ host: link, prompts, display, note }),
  );
  defineGlobals({ display, clearOutput: createClearOutput(reporter), input: prompts.ask, prompt: prompts.ask });
  magics.install({
    ...{
      notebook,
      display,
      link,
      config,
      breakpoints: new Breakpoints(reporter, link),
      history: options.history,
      folder: options.folder,
    },
    peek: (name) => completer.value(name),
  });
  const late = (error: unknown): void => notebook.lateError(error, currentExecution());
  keepListening("uncaughtException", late);
  keepListening("unhandledRejection", late);
  for (const file of options.preloads) await preload(file, notebook);
  for (const name of options.profiles) {
    await loadProfile(name, options.folder).catch((error: unknown) => notebook.tell(`Profile ${name}`, error));
  }
  for (const { label, read } of startupFiles(options.folder)) await notebook.startUp(label, read);
  worker.on("message", (order: ToMain) => {
    runOutside(() => take(order));
  });
  const take = (order: ToMain): void => {
    switch (order.type) {
      case "execute":
        void notebook.execute(order);
        return;
      case "interrupt":
        reporter.send({
          type: "interrupted",
          index: order.index,
          running: notebook.interrupt(order.index, order.terminated),
        });
        return;
      case "ask":
        reporter.send({ type: "answer", id: order.id, content: answer(completer, order.question, magics.has) });
        return;
      case "input-reply":
        prompts.answer(order.id, order.value);
        return;
      case "input-failed":
        prompts.fail(order.id, order.reason);
        return;
      case "host-message":
        link.receive(order.data);
        return;
      case "exit":
        exit(order.code);
        return;
      default:
        order satisfies never;
    }
  };
  reporter.send({ type: "ready" });
}

/** Code that removes all listeners of the process does not make its next error end the kernel. */
function keepListening(event: "uncaughtException" | "unhandledRejection", listener: (error: unknown) => void): void {
  const listen = (): void => {
    process.on(event, listener);
    process.on("removeListener", onRemoval);
  };
  const onRemoval = (name: string | symbol, removed: unknown): void => {
    if (name !== event || removed !== listener) return;
    process.off("removeListener", onRemoval);
    process.nextTick(listen);
  };
  listen();
}

/** Finding an answer reads the user's values, which may be hostile: a front end that asks gets an answer anyway. */
function answer(completer: Completer, question: Question, isMagic: (name: string) => boolean): JsonObject {
  try {
    return find(completer, question, isMagic);
  } catch (error) {
    return {
      status: "error",
      ename: "Error",
      evalue: error instanceof Error ? error.message : "unknown",
      traceback: [],
    };
  }
}

function find(completer: Completer, question: Question, isMagic: (name: string) => boolean): JsonObject {
  switch (question.kind) {
    case "complete":
      return completer.complete(question.code, question.cursor);
    case "inspect":
      return inspectAt(completer, question.code, question);
    case "is-complete":
      return { ...completeness(question.code, isMagic) };
    default:
      return question satisfies never;
  }
}

function defineGlobals(globals: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
}

/** Inside the repository the sources run; a packed kernel has JavaScript beside the same names. */
const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
const require = createRequire(import.meta.url);
/** What few cells use is read when one does. The module is this package's own, so its type is known. */
const load = <T>(path: string): T => require(`${path}${extension}`) as T;

/** A name that is made when a cell touches it; a cell may declare or assign the same name. */
function defineLazily(name: string, make: () => unknown): void {
  const settle = (value: unknown): void => defineGlobals({ [name]: value });
  const get = (): unknown => {
    const value = runOutside(make);
    settle(value);
    return value;
  };
  Object.defineProperty(globalThis, name, { get, set: settle, configurable: true, enumerable: false });
}

/** A library that puts its names into every cell's reach. One that fails is reported and left out. */
async function preload(file: string, notebook: Notebook): Promise<void> {
  try {
    const url = pathToFileURL(file).href;
    hideFramesOf(new URL(".", url).href);
    const module: unknown = await import(url);
    if (typeof module !== "object" || module === null) return;
    const install = ("install" in module && module.install) || ("default" in module && module.default);
    if (typeof install === "function") await install(globalThis);
  } catch (error) {
    notebook.lateError(new Error(`The preload ${file} failed.`, { cause: error }), undefined);
  }
}
