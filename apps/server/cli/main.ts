import { parseArgs } from "node:util";
import { AuthError } from "../auth/index.ts";
import { StartError } from "../main.ts";
import type { Command, Output } from "./command.ts";
import { diffCommand } from "./diff.ts";
import { doctorCommand } from "./doctor.ts";
import { UsageError } from "./errors.ts";
import { kernelCommand } from "./kernel.ts";
import { listCommand } from "./list.ts";
import { serveCommand } from "./serve.ts";
import { stopCommand } from "./stop.ts";
import { readVersion } from "./version.ts";

const COMMANDS: readonly Command[] = [
  serveCommand,
  listCommand,
  stopCommand,
  kernelCommand,
  diffCommand,
  doctorCommand,
];

const STANDARD: Output = {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
};

/** Runs one command line and resolves to its exit code: 0 done, 1 failed, 2 called wrongly. */
export async function main(argv: readonly string[], io: Output = STANDARD): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`opsbook: ${error.message}`);
      return 2;
    }
    if (error instanceof StartError || error instanceof AuthError) {
      io.err(`opsbook: ${error.message}`);
      return 1;
    }
    throw error;
  }
}

async function dispatch(argv: readonly string[], io: Output): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    io.out(overview());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-V") {
    io.out(rest.includes("--json") ? JSON.stringify({ version: readVersion() }) : readVersion());
    return 0;
  }
  const command = COMMANDS.find((one) => one.name === name);
  if (!command) throw new UsageError(`there is no command ${name}. \`opsbook --help\` lists the commands.`);
  const { values, positionals } = parse(command, rest);
  if (values.help) {
    io.out(helpOf(command));
    return 0;
  }
  if (positionals.length > command.positionals) {
    throw new UsageError(`${positionals.at(command.positionals)} is one argument too many. Usage: ${command.usage}`);
  }
  return command.run({ values, positionals, json: values.json === true, io });
}

function parse(command: Command, args: string[]) {
  const common = { help: { type: "boolean", short: "h" }, json: { type: "boolean" } } as const;
  try {
    return parseArgs({ args, options: { ...command.options, ...common }, allowPositionals: true, strict: true });
  } catch (error) {
    const message = (error as Error).message.split(". ")[0] ?? "";
    throw new UsageError(`${message}. \`opsbook ${command.name} --help\` lists its options.`);
  }
}

function overview(): string {
  const width = Math.max(...COMMANDS.map((command) => command.name.length));
  const lines = COMMANDS.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return `Opsbook: an ops notebook in the browser.\n\nUsage: opsbook COMMAND [options]\n\n${lines.join("\n")}\n\n\`opsbook COMMAND --help\` says more. \`opsbook --version\` prints the version.`;
}

function helpOf(command: Command): string {
  const options = { ...command.help, json: "print data as JSON", help: "this text" };
  const width = Math.max(...Object.keys(options).map((name) => name.length)) + 2;
  const lines = Object.entries(options).map(([name, line]) => `  ${`--${name}`.padEnd(width)}  ${line}`);
  return `${command.summary}\n\nUsage: ${command.usage}\n\n${lines.join("\n")}`;
}
