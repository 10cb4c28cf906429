import { fileURLToPath, pathToFileURL } from "node:url";
import { InterruptedError } from "../error.ts";
import { RUNTIME } from "../transform/rewrite.ts";
import { hidden } from "./evaluator.ts";
import { currentExecution } from "./execution.ts";
import type { Modules } from "./modules.ts";

/** What rewritten cells call. `folder` is the notebook's: imports start there. */
export function installRuntime(
  folder: string,
  parts: { modules: Modules; isConstant: (name: string) => boolean },
): void {
  const { modules } = parts;
  hidden(RUNTIME.go, (value: unknown) => {
    if (currentExecution()?.interrupted) throw new InterruptedError();
    return value;
  });
  hidden(RUNTIME.wait, (value: unknown, offset: number) => currentExecution()?.untilInterrupt(value, offset) ?? value);
  hidden(RUNTIME.each, each);
  hidden(RUNTIME.own, own);
  hidden(RUNTIME.import, modules.import);
  hidden(RUNTIME.module, modules.importNames);
  hidden(RUNTIME.constants, constants(parts.isConstant));
  hidden(RUNTIME.namespace, namespaceToExtend);
  hidden(RUNTIME.use, (value: unknown) => {
    register(value, disposer(value, [Symbol.dispose]));
    return value;
  });
  hidden(RUNTIME.useAsync, async (value: unknown) => {
    register(value, disposer(value, [Symbol.asyncDispose, Symbol.dispose]));
    return value;
  });
  hidden(RUNTIME.decorators, { decorate });
  // Metadata of decorators, which the engine does not know yet; lowered ones look for it under this name.
  if (!("metadata" in Symbol)) {
    Object.defineProperty(Symbol, "metadata", { value: Symbol.for("Symbol.metadata") });
  }
  const notebook = modules.referrer;
  const { require } = modules;
  hidden(RUNTIME.meta, {
    url: notebook,
    dirname: folder,
    filename: fileURLToPath(notebook),
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

/**
 * A timer's callback that does nothing once its cell was interrupted. The engine's own functions, which settle
 * promises, are let through: what awaits them then ends by its interrupt, and its `finally` blocks run.
 */
function own(callback: unknown): unknown {
  const execution = currentExecution();
  if (typeof callback !== "function" || !execution || isNative(callback)) return callback;
  return function (this: unknown, ...args: unknown[]): unknown {
    if (!execution.interrupted) return Reflect.apply(callback, this, args);
    // A timer calls its callback as a method of itself.
    return clearInterval(this as NodeJS.Timeout);
  };
}

const isNative = (callback: object): boolean =>
  /\{ \[native code\] \}$/.test(Function.prototype.toString.call(callback));

/** Assigning a property of this is an error, as assigning the constant of that name is. */
function constants(isConstant: (name: string) => boolean): object {
  return new Proxy(Object.create(null), {
    set(_target, name, value) {
      // A function may be older than the declaration that made its name a variable.
      if (typeof name === "string" && !isConstant(name)) return assign(name, value);
      throw new TypeError(`${String(name)} is a constant and cannot be assigned. Declare it again to change it.`);
    },
  });
}

function assign(name: string, value: unknown): true {
  // Only this reaches the names of cells from outside of them.
  // biome-ignore lint/security/noGlobalEval: the name is an identifier that a cell's parser read
  const set: unknown = globalThis.eval(`(value) => { ${name} = value; }`);
  if (typeof set === "function") set(value);
  return true;
}

/** What a namespace of a later cell adds to; `read` throws when the declaration before it failed. */
function namespaceToExtend(read: () => unknown): unknown {
  try {
    const value = read();
    const isOpen = (typeof value === "object" && value !== null) || typeof value === "function";
    return isOpen && Object.isExtensible(value) ? value : undefined;
  } catch {
    return undefined;
  }
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
