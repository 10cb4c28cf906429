/** A served folder of its own for a test, with the keeper and the runtimes that belong to it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pino from "pino";
import { isAlive, type ProcessIdentity, processIdentitySchema } from "../../keeper/process-table.ts";
import { Runtime, type RuntimeOptions } from "../index.ts";

export interface Place extends AsyncDisposable {
  root: string;
  stateDir: string;
  runtimeDir: string;
  start(options?: Partial<RuntimeOptions>): Promise<Runtime>;
  keeper(): ProcessIdentity;
}

export function makePlace(): Place {
  const root = mkdtempSync("/tmp/opsbook-test-");
  const runtimeDir = mkdtempSync("/tmp/opsbook-run-");
  const stateDir = join(root, ".opsbook");
  const runtimes: Runtime[] = [];
  const keeper = () => processIdentitySchema.parse(JSON.parse(readFileSync(join(runtimeDir, "keeper.lock"), "utf8")));
  return {
    ...{ root, stateDir, runtimeDir, keeper },
    start: async (options = {}) => {
      const log = pino({ level: "silent" });
      const runtime = await Runtime.start({
        root,
        stateDir,
        runtimeDir,
        log,
        keeperIdleMs: 60_000,
        prewarm: false,
        ...options,
      });
      runtimes.push(runtime);
      return runtime;
    },
    [Symbol.asyncDispose]: async () => {
      for (const runtime of runtimes.reverse()) await runtime.close({ keepAlive: false }).catch(() => {});
      await endKeeper(keeper);
      rmSync(root, { recursive: true, force: true });
      rmSync(runtimeDir, { recursive: true, force: true });
    },
  };
}

/** One that no runtime was in charge of any more, at the end of a failed test. */
async function endKeeper(keeper: () => ProcessIdentity): Promise<void> {
  let left: ProcessIdentity;
  try {
    left = keeper();
  } catch {
    return;
  }
  if (isAlive(left)) process.kill(left.pid, "SIGTERM");
  await until(() => !isAlive(left));
}

/** Waits for a fact that no event tells. */
export async function until(fact: () => boolean): Promise<void> {
  while (!fact()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Installs kernels for the test; returns the value of JUPYTER_PATH that finds them. */
export function writeKernelspecs(place: Place, specs: Record<string, object>): string {
  for (const [name, spec] of Object.entries(specs)) {
    const folder = join(place.root, "jupyter", "kernels", name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "kernel.json"), JSON.stringify({ display_name: name, language: "typescript", ...spec }));
  }
  return join(place.root, "jupyter");
}
