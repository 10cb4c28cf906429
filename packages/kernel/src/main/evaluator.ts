import { type Runtime, Session } from "node:inspector";
import { plainName } from "../transform/names.ts";
import { GENERATED } from "../transform/rewrite.ts";
import { scriptName } from "./cells.ts";
import { type Execution, runIn } from "./execution.ts";

export type Outcome =
  | { kind: "value"; value: unknown }
  /** `compiled` is false when the engine refused the script, so that nothing of it was declared. */
  | { kind: "threw"; error: unknown; compiled: boolean }
  | { kind: "terminated" };

/** Node's types know the stable part of the protocol only. */
type EvaluateParams = Runtime.EvaluateParameterType & {
  replMode?: boolean;
  awaitPromise?: boolean;
  throwOnSideEffect?: boolean;
  timeout?: number;
};

/** Global names through which the inspector hands values and calls over. */
const TAKE = "__opsbook_take";
const CALL = "__opsbook_call";

/**
 * Runs scripts through this thread's own inspector in REPL mode: top-level await, names that live on and can be
 * declared again, and a boundary that survives a termination. Nothing is ever enabled on the session: the runtime
 * and debugger domains slow every console call and await.
 */
export class Evaluator {
  #session = new Session();
  #taken: unknown;
  #call: (() => void) | null = null;

  constructor() {
    this.#session.connect();
    hidden(TAKE, (value: unknown) => {
      this.#taken = value;
    });
    hidden(CALL, () => this.#call?.());
  }

  /** `index` names the script in stacks, where it is not the execution's own. */
  evaluate(script: string, execution: Execution, index: number = execution.index): Promise<Outcome> {
    const expression = `${script}\n//# sourceURL=${scriptName(index)}`;
    return runIn(execution, () => this.#evaluate({ expression, replMode: true, awaitPromise: true }));
  }

  /**
   * Forgets an evaluation that will not end. The inspector holds its promise weakly and calls back when it is
   * collected, from inside the garbage collector, where a call into JavaScript kills the process.
   */
  abandon(): void {
    this.#session.disconnect();
    this.#session = new Session();
    this.#session.connect();
  }

  /** The value of an expression that may read and must not change anything; undefined when it cannot. */
  peek(expression: string): unknown {
    let value: unknown;
    const objectGroup = "peek";
    // Not in REPL mode, which would answer later. Names of cells are in reach all the same.
    const params: EvaluateParams = { expression, throwOnSideEffect: true, silent: true, timeout: 100, objectGroup };
    this.#session.post("Runtime.evaluate", params, (error, answer) => {
      if (!error && !answer.exceptionDetails) value = this.#live(answer.result);
    });
    this.#session.post("Runtime.releaseObjectGroup", { objectGroup });
    return value;
  }

  /** Calls a function that may run the user's code, so that a termination ends only it. False when it was terminated. */
  guarded(call: () => void): boolean {
    let finished = false;
    this.#call = () => {
      call();
      finished = true;
    };
    this.#session.post("Runtime.evaluate", { expression: `${CALL}()`, silent: true });
    this.#call = null;
    return finished;
  }

  /** Names cells declared with let, const or class. */
  lexicalNames(): string[] {
    let names: string[] = [];
    this.#session.post("Runtime.globalLexicalScopeNames", {}, (error, answer) => {
      if (!error) names = answer.names.filter((name) => !name.startsWith(GENERATED)).map(plainName);
    });
    return names;
  }

  #evaluate(params: EvaluateParams): Promise<Outcome> {
    return new Promise((resolve) => {
      const objectGroup = "cell";
      this.#session.post("Runtime.evaluate", { ...params, objectGroup }, (error, answer) => {
        if (error) {
          resolve({ kind: "terminated" });
          return;
        }
        const { exceptionDetails: details, result } = answer;
        if (details) resolve({ kind: "threw", error: this.#thrown(details), compiled: isCompiled(details) });
        else resolve({ kind: "value", value: this.#live(result) });
        this.#session.post("Runtime.releaseObjectGroup", { objectGroup });
      });
    });
  }

  #thrown(details: Runtime.ExceptionDetails): unknown {
    return details.exception ? this.#live(details.exception) : new Error(details.text);
  }

  /** The very value, not a copy. */
  #live(remote: Runtime.RemoteObject): unknown {
    if (remote.objectId !== undefined) {
      // Without strict mode a symbol would arrive boxed.
      const functionDeclaration = `function () { "use strict"; ${TAKE}(this); }`;
      this.#session.post("Runtime.callFunctionOn", { objectId: remote.objectId, functionDeclaration });
      const value = this.#taken;
      this.#taken = undefined;
      return value;
    }
    if (remote.unserializableValue !== undefined) return special(remote.unserializableValue);
    return remote.type === "undefined" ? undefined : remote.value;
  }
}

/** Syntax errors of the engine itself have no frame in the script that has them. */
function isCompiled(details: Runtime.ExceptionDetails): boolean {
  return details.exception?.className !== "SyntaxError" || (details.stackTrace?.callFrames.length ?? 0) > 0;
}

function special(text: string): unknown {
  switch (text) {
    case "NaN":
      return Number.NaN;
    case "Infinity":
      return Number.POSITIVE_INFINITY;
    case "-Infinity":
      return Number.NEGATIVE_INFINITY;
    case "-0":
      return -0;
    default:
      return BigInt(text.slice(0, -1));
  }
}

export function hidden(name: string | symbol, value: unknown): void {
  const descriptor: PropertyDescriptor = Object.create(null);
  Object.defineProperty(
    globalThis,
    name,
    Object.assign(descriptor, { value, writable: false, enumerable: false, configurable: false }),
  );
}
