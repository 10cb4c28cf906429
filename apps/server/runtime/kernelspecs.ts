/** Finds kernels the way Jupyter does. Source: jupyter_client "Kernel specs", jupyter_core "Data files". */
import { type Dirent, existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { z } from "zod";
import type { Kernelspec } from "../keeper/protocol.ts";

/** Letters, digits, dot, dash, underscore: all that a kernel's folder may be named. */
const NAME = /^[a-z0-9._-]+$/i;

const kernelJsonSchema = z.looseObject({
  argv: z.array(z.string()).min(1),
  display_name: z.string(),
  language: z.string(),
  env: z.record(z.string(), z.string()).default({}),
  interrupt_mode: z.enum(["signal", "message"]).default("signal"),
  metadata: z.record(z.string(), z.json()).default({}),
});

type Environment = Readonly<Record<string, string | undefined>>;

/** Folders with kernels, the first winning. */
export function kernelFolders(env: Environment): string[] {
  const data = [
    ...(env.JUPYTER_PATH ?? "").split(delimiter).filter((folder) => folder !== ""),
    userData(env),
    ...prefixes(env).map((prefix) => join(prefix, "share", "jupyter")),
    "/usr/local/share/jupyter",
    "/usr/share/jupyter",
  ];
  return [...new Set(data)].map((folder) => join(folder, "kernels"));
}

/** The folder of the kernels that belong to this user alone. */
export function userKernels(env: Environment): string {
  return join(userData(env), "kernels");
}

function userData(env: Environment): string {
  return env.JUPYTER_DATA_DIR ?? join(env.XDG_DATA_HOME ?? join(env.HOME ?? "/", ".local", "share"), "jupyter");
}

/** Environments in use: the active one, and that of the Python found first. */
function prefixes(env: Environment): string[] {
  const active = [env.VIRTUAL_ENV, env.CONDA_PREFIX].filter((prefix) => prefix !== undefined && prefix !== "");
  const bin = (env.PATH ?? "").split(delimiter).find((folder) => folder !== "" && existsSync(join(folder, "python3")));
  return [...active.map(String), ...(bin !== undefined && basename(bin) === "bin" ? [dirname(bin)] : [])];
}

/** The kernels installed for Jupyter; broken ones are left out, with the reason in the log. */
export async function findKernelspecs(folders: readonly string[], log: Logger): Promise<Kernelspec[]> {
  const found = new Map<string, Kernelspec>();
  for (const folder of folders) {
    for (const entry of await entries(folder)) {
      const name = entry.name.toLowerCase();
      if (found.has(name) || !NAME.test(entry.name)) continue;
      const spec = await readKernelspec(join(folder, entry.name), name, log);
      if (spec) found.set(name, spec);
    }
  }
  return [...found.values()];
}

async function entries(folder: string): Promise<Dirent[]> {
  try {
    const all = await readdir(folder, { withFileTypes: true });
    return all
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

async function readKernelspec(folder: string, name: string, log: Logger): Promise<Kernelspec | null> {
  const file = join(folder, "kernel.json");
  if (!existsSync(file)) return null;
  try {
    const spec = kernelJsonSchema.parse(JSON.parse(await readFile(file, "utf8")));
    return {
      name,
      displayName: spec.display_name,
      language: spec.language,
      argv: spec.argv,
      env: spec.env,
      interruptMode: spec.interrupt_mode,
      metadata: spec.metadata,
      resourceDir: folder,
    };
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    log.warn({ file, reason }, "kernel.json skipped");
    return null;
  }
}

/** Arguments by which kernels give away that they handle Unix sockets: those built on ipykernel, and xeus. */
const IPC_CAPABLE = /ipykernel|_kernel\b|\/x(python|eus|cpp|r|sqlite)/;

/**
 * Unix sockets in the private folder where the kernel can: over TCP any local user can listen to its output.
 * `metadata.opsbook.transport` of a kernel.json decides for kernels that we do not know.
 */
export function transportOf(spec: Kernelspec): "ipc" | "tcp" {
  const told = z.looseObject({ transport: z.enum(["ipc", "tcp"]) }).safeParse(spec.metadata.opsbook);
  if (told.success) return told.data.transport;
  return IPC_CAPABLE.test(spec.argv.join(" ")) ? "ipc" : "tcp";
}

/** Milliseconds a kernel may take to answer for the first time; `metadata.opsbook.readyTimeoutMs` overrules. */
export function readyTimeoutOf(spec: Kernelspec): number {
  const told = z.looseObject({ readyTimeoutMs: z.int().min(1) }).safeParse(spec.metadata.opsbook);
  return told.success ? told.data.readyTimeoutMs : 30_000;
}

/**
 * The built-in kernel. It is started by its path: the server never imports it. `compileCache` is a folder that nobody
 * else may write to; `options` are the kernel's own, see packages/kernel/src/launch.ts.
 */
export function typescriptKernelspec(compileCache: string, options: readonly string[] = []): Kernelspec {
  const kernel = fileURLToPath(new URL("../../../packages/kernel/src/main.mjs", import.meta.url));
  const preload = fileURLToPath(new URL("../../../packages/ops/src/globals.ts", import.meta.url));
  return {
    name: "typescript",
    displayName: "TypeScript",
    language: "typescript",
    argv: [
      process.execPath,
      "--no-force-async-hooks-checks",
      kernel,
      ...(existsSync(preload) ? ["--preload", preload] : []),
      ...options,
      "{connection_file}",
    ],
    // Halves its start: its sources are TypeScript, which Node would strip and compile anew each time.
    env: { NODE_COMPILE_CACHE: compileCache },
    interruptMode: "message",
    metadata: { opsbook: { transport: "ipc" } },
    resourceDir: null,
  };
}
