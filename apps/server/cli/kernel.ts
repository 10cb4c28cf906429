import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { pino } from "pino";
import { findKernelspecs, kernelFolders, typescriptKernelspec, userKernels } from "../runtime/kernelspecs.ts";
import { type Command, type Invocation, text } from "./command.ts";
import { UsageError } from "./errors.ts";

const NAME = "typescript";

export const kernelCommand: Command = {
  name: "kernel",
  summary: "List the kernels of this machine; register the TypeScript kernel with Jupyter.",
  usage: "opsbook kernel list | install [--prefix DIR] | remove [--prefix DIR]",
  options: { prefix: { type: "string" } },
  help: { prefix: "environment to install into (such as a venv) instead of this user's Jupyter folder" },
  positionals: 1,
  async run(invocation) {
    switch (invocation.positionals[0]) {
      case "list":
        return list(invocation);
      case "install":
        return install(invocation);
      case "remove":
        return remove(invocation);
      default:
        throw new UsageError(`kernel wants list, install or remove. Usage: ${kernelCommand.usage}`);
    }
  },
};

async function list({ json, io }: Invocation): Promise<number> {
  const log = pino({ level: "silent" });
  const found = await findKernelspecs(kernelFolders(process.env), log);
  const own = typescriptKernelspec(compileCache());
  const all = [own, ...found.filter(({ name }) => name !== own.name)].map((spec) => ({
    name: spec.name,
    displayName: spec.displayName,
    language: spec.language,
    folder: spec.resourceDir,
  }));
  if (json) io.out(JSON.stringify(all));
  else for (const { name, displayName, folder } of all) io.out(`${name}  ${displayName}  ${folder ?? "built in"}`);
  return 0;
}

/** Source: jupyter_client, "Kernel specs". */
async function install(invocation: Invocation): Promise<number> {
  const folder = target(invocation);
  const { argv, displayName, language, interruptMode, metadata } = typescriptKernelspec(compileCache(), ["--history"]);
  const spec = {
    argv,
    display_name: displayName,
    language,
    interrupt_mode: interruptMode,
    metadata,
    // An environment may have other users, whose compiled code this one must not decide about.
    env: text(invocation, "prefix") === undefined ? { NODE_COMPILE_CACHE: compileCache() } : {},
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "kernel.json"), `${JSON.stringify(spec, null, 1)}\n`);
  if (invocation.json) invocation.io.out(JSON.stringify({ name: NAME, folder }));
  else invocation.io.out(`The TypeScript kernel is registered in ${folder}. Jupyter starts it from this installation.`);
  return 0;
}

/** Removes what `install` wrote and nothing else. */
async function remove(invocation: Invocation): Promise<number> {
  const folder = target(invocation);
  const file = join(folder, "kernel.json");
  const found = await readFile(file, "utf8").catch(() => null);
  if (found === null) throw new UsageError(`there is no TypeScript kernel in ${folder}.`);
  if (!found.includes("packages/kernel/src/main.mjs")) {
    throw new UsageError(
      `the kernel in ${folder} is another program's; remove it by: jupyter kernelspec remove ${NAME}`,
    );
  }
  await rm(folder, { recursive: true });
  if (invocation.json) invocation.io.out(JSON.stringify({ name: NAME, folder }));
  else invocation.io.out(`Removed ${folder}.`);
  return 0;
}

function target(invocation: Invocation): string {
  const prefix = text(invocation, "prefix");
  if (prefix === "") throw new UsageError("--prefix wants a folder.");
  const kernels =
    prefix === undefined ? userKernels(process.env) : join(resolve(prefix), "share", "jupyter", "kernels");
  return join(kernels, NAME);
}

function compileCache(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "opsbook", "compiled");
}
