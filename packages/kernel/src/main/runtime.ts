import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { constants, Script } from "node:vm";
import { InterruptedError } from "../error.ts";
import { RUNTIME } from "../transform/rewrite.ts";
import { hidden } from "./evaluator.ts";
import { currentExecution } from "./execution.ts";

type Import = (specifier: string, options?: ImportCallOptions) => Promise<Record<string, unknown>>;

/** What rewritten cells call. `folder` is the notebook's: imports start there. */
export function installRuntime(folder: string): void {
  const load = importFrom(folder);
  hidden(RUNTIME.go, (value: unknown) => {
    if (currentExecution()?.interrupted) throw new InterruptedError();
    return value;
  });
  hidden(RUNTIME.wait, (value: unknown, offset: number) => currentExecution()?.untilInterrupt(value, offset) ?? value);
  hidden(RUNTIME.each, each);
  hidden(RUNTIME.import, load);
  hidden(RUNTIME.module, async (specifier: string, needed: readonly string[], options?: ImportCallOptions) => {
    const namespace = withCommonJsNames(await load(specifier, options), needed);
    const missing = needed.find((name) => !(name in namespace));
    if (missing !== undefined) throw new SyntaxError(`The module "${specifier}" has no export named "${missing}".`);
    return namespace;
  });
  hidden(RUNTIME.use, (value: unknown) => {
    register(value, disposer(value, [Symbol.dispose]));
    return value;
  });
  hidden(RUNTIME.useAsync, async (value: unknown) => {
    register(value, disposer(value, [Symbol.asyncDispose, Symbol.dispose]));
    return value;
  });
  hidden(RUNTIME.decorators, { decorate });
  const notebook = pathToFileURL(join(folder, "notebook.ts")).href;
  const require = createRequire(notebook);
  hidden(RUNTIME.meta, {
    url: notebook,
    dirname: folder,
    filename: join(folder, "notebook.ts"),
    main: false,
    resolve: (specifier: string) =>
      specifier.startsWith(".") ? new URL(specifier, notebook).href : pathToFileURL(require.resolve(specifier)).href,
  });
  Object.defineProperty(globalThis, "require", {
    value: require,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

/** What Node's scan of a CommonJS file did not find is looked for in what the file exported. */
function withCommonJsNames(namespace: Record<string, unknown>, needed: readonly string[]): Record<string, unknown> {
  const exported: unknown = namespace["module.exports"];
  if (typeof exported !== "object" || exported === null || needed.every((name) => name in namespace)) return namespace;
  return { ...exported, ...namespace };
}

/** A real `import()` whose referrer is a file in the notebook's folder. */
function importFrom(folder: string): Import {
  let warned = false;
  const script = new Script("(specifier, options) => import(specifier, options)", {
    filename: join(folder, "notebook.ts"),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  // The script is the arrow function above.
  const load = script.runInThisContext() as Import;
  return (specifier, options) => {
    if (warned) return load(specifier, options);
    // The first use of this loader prints a warning about itself, which would stand in a cell that did nothing odd.
    const { emitWarning } = process;
    process.emitWarning = () => {};
    try {
      return load(specifier, options);
    } finally {
      process.emitWarning = emitWarning;
      warned = true;
    }
  };
}

function register(value: unknown, dispose: (() => unknown) | null): void {
  if (value !== null && value !== undefined && dispose) currentExecution()?.disposals.push(dispose);
}

function disposer(value: unknown, symbols: readonly symbol[]): (() => unknown) | null {
  if (value === null || value === undefined) return null;
  for (const symbol of symbols) {
    const method: unknown = Reflect.get(Object(value), symbol);
    if (typeof method === "function") return () => Reflect.apply(method, value, []);
  }
  throw new TypeError(
    "The value of `using` cannot be disposed: it has no Symbol.dispose or Symbol.asyncDispose method.",
  );
}

/** The items of an iterable, one `await` that an interrupt ends for each. */
async function* each(iterable: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<unknown> {
  const execution = currentExecution();
  const iterator = Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
  let finished = false;
  try {
    for (;;) {
      const next = iterator.next();
      const result = (await (execution?.untilInterrupt(next) ?? next)) as IteratorResult<unknown>;
      finished = result.done === true;
      if (finished) return;
      yield result.value;
    }
  } finally {
    if (!finished) await iterator.return?.();
  }
}

type Decorator = (target: unknown, key?: PropertyKey, descriptor?: PropertyDescriptor) => unknown;

/** TypeScript's experimental decorators: the last one is applied first, its result takes the target's place. */
function decorate(decorators: readonly Decorator[], target: object, key?: PropertyKey, descriptor?: null): unknown {
  if (key === undefined) {
    let result: unknown = target;
    for (const decorator of decorators.toReversed()) result = decorator(result) ?? result;
    return result;
  }
  let current = descriptor === null ? Object.getOwnPropertyDescriptor(target, key) : undefined;
  for (const decorator of decorators.toReversed()) {
    const changed = decorator(target, key, current);
    if (typeof changed === "object" && changed !== null) current = changed;
  }
  if (current) Object.defineProperty(target, key, current);
  return current;
}

/** Disposes in reverse order; the first error is thrown when all are done, later ones as its `suppressed`. */
export async function dispose(disposals: (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const one of disposals.splice(0).toReversed()) {
    try {
      await one();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, "Several resources of this cell could not be disposed.");
}
