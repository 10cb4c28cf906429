import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import type { Machine } from "./machine.ts";

export interface MachineUnderTest extends AsyncDisposable {
  readonly machine: Machine;
  /** An empty folder on that machine. */
  readonly folder: string;
}

/** The error of a call that must fail. */
export async function rejection<E extends Error>(
  call: PromiseLike<unknown>,
  type: abstract new (...args: never[]) => E,
): Promise<E> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof type, `not a ${type.name}: ${error}`);
    return error;
  }
  throw new assert.AssertionError({ message: "it should have failed" });
}

/** Runs a script of the system's Python 3 with `input` as its `json` and gives what it prints as JSON. */
export function python<T>(script: string, input: unknown = null): T {
  const program = `import json, sys\ninput = json.load(sys.stdin)\n${script}`;
  const output = execFileSync("python3", ["-c", program], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  return JSON.parse(output) as T;
}
