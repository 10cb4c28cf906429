import type { ParseArgsOptionsConfig } from "node:util";

export interface Output {
  /** What the command is for: results, URLs. */
  out: (text: string) => void;
  /** Everything else. */
  err: (text: string) => void;
}

export interface Invocation {
  values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  positionals: readonly string[];
  json: boolean;
  io: Output;
}

export interface Command {
  name: string;
  /** One line for `--help`. */
  summary: string;
  usage: string;
  /** Option name to its line in the help. */
  help: Readonly<Record<string, string>>;
  options: ParseArgsOptionsConfig;
  /** How many positional arguments it takes at most. */
  positionals: number;
  /** Resolves to the exit code. */
  run: (invocation: Invocation) => Promise<number>;
}

export function text(invocation: Invocation, name: string): string | undefined {
  const value = invocation.values[name];
  return typeof value === "string" ? value : undefined;
}

export function texts(invocation: Invocation, name: string): string[] {
  const value = invocation.values[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
