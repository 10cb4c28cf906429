import { guard, type Unsafe } from "../core/guard.ts";
import { Command } from "./command.ts";
import { localTransport } from "./local-transport.ts";
import { Pipeline } from "./pipeline.ts";
import { parseTemplate, type TemplateValue, toArgument } from "./template.ts";
import type { Transport } from "./transport.ts";

/** Only a text written out in the source: a text with a value spliced in has another type. */
export type LiteralText<Text extends string> = Record<never, never> extends Record<Text, 1> ? never : Text;

export interface ShellOptions extends Unsafe {
  /** Positional parameters `$1`, `$2` … of the script: the only way to hand it a value. */
  readonly args?: readonly TemplateValue[];
}

/** Runs programs on one machine. */
export interface Sh {
  /**
   * A program with its arguments; no shell is started. Every `${value}` is exactly one argument and an array is
   * several. Quotes group words as in a shell; `$NAME`, `*` and `~` are plain text.
   *
   * @throws CommandError (on await) for an exit status other than 0, a signal, a time limit, a missing program.
   * @throws GuardError for a shell's operators, and for a secret among the arguments.
   * @example
   * const name = "a file; with spaces";
   * const listed = await sh`printf %s ${name}`.text(); // "a file; with spaces"
   */
  (strings: TemplateStringsArray, ...values: readonly TemplateValue[]): Command;

  /**
   * A script for `/bin/sh`. Values come in as `$1`, `$2` … and never as part of the script.
   *
   * @throws GuardError without `{ unsafe: "reason" }`.
   * @example
   * await sh.shell('echo "$1" | tr a-z A-Z', { unsafe: "demo of a shell", args: ["hello"] }).text(); // "HELLO\n"
   */
  shell<const Text extends string>(script: Text & LiteralText<Text>, options?: ShellOptions): Command;

  /**
   * Runs commands at once, each reading what the one before writes, and fails when any of them fails.
   *
   * @example
   * await sh.pipe(sh`printf ${"b\na\n"}`, sh`sort`).lines(); // ["a", "b"]
   */
  pipe(...commands: readonly Command[]): Pipeline;
}

/** `sh` for a machine that `transport` reaches. */
export function createSh(transport: Transport): Sh {
  const run = (strings: TemplateStringsArray, ...values: readonly TemplateValue[]) =>
    new Command(transport, parseTemplate(strings, values));
  return Object.freeze(
    Object.assign(run, {
      shell: (script: string, options: ShellOptions = {}) => {
        guard(
          {
            rule: "sh.shell",
            why: "a shell takes quotes, spaces and dollar signs in a value for instructions",
            instead:
              "sh`program` with values as arguments, sh.pipe(a, b), or sh.shell(script, { unsafe: reason, args: [value] })",
          },
          options,
        );
        const args = (options.args ?? []).flat().map(toArgument);
        return new Command(transport, ["/bin/sh", "-c", toArgument(script), "opsbook", ...args]);
      },
      pipe: (...commands: readonly Command[]) => new Pipeline(commands),
    }),
  );
}

/** Runs programs on this machine. See {@link Sh}. */
export const sh: Sh = createSh(localTransport);
