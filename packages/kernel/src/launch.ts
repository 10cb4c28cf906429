import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Worker } from "node:worker_threads";
import { historyFolder } from "./history/store.ts";
import { FLAG, type ToWorker, type WorkerInput } from "./link.ts";
import { log } from "./log.ts";
import { ringMemory } from "./output/ring.ts";
import { loading } from "./typescript-hook.mjs";

const USAGE =
  "usage: node --no-force-async-hooks-checks main.mjs [OPTION]... CONNECTION_FILE; options: --preload FILE, --profile PACKAGE, --set NAME=VALUE, --history";

/** Reads what the command line asks for and becomes a kernel, whose protocol `worker` speaks. */
export async function launch(worker: Worker): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      preload: { type: "string", multiple: true, default: [] },
      profile: { type: "string", multiple: true, default: [] },
      set: { type: "string", multiple: true, default: [] },
      history: { type: "boolean", default: false },
    },
  });
  const [connectionFile, ...rest] = positionals;
  if (connectionFile === undefined || rest.length > 0) {
    log(USAGE);
    process.exit(2);
  }

  const parent = Number(process.env.OPSBOOK_PARENT_PID);
  const input: WorkerInput = {
    connectionFile: resolve(connectionFile),
    ring: ringMemory(),
    flags: new SharedArrayBuffer(16),
    history: values.history ? historyFolder() : null,
    parentPid: Number.isInteger(parent) && parent > 0 ? parent : null,
  };
  // Meant for this process, not for what its cells start.
  delete process.env.OPSBOOK_PARENT_PID;
  delete process.env.NODE_COMPILE_CACHE;

  worker.postMessage({ type: "begin", input } satisfies ToWorker);
  const fail = (reason: unknown): void => {
    log(`The kernel's protocol thread ended: ${reason instanceof Error ? reason.message : reason}`);
    // Nobody is there to send last words.
    Atomics.store(new Int32Array(input.flags), FLAG.closed, 1);
    process.exit(1);
  };
  worker.on("error", fail);
  worker.on("exit", (code) => fail(`exit code ${code}`));

  // A Ctrl-C in the terminal a front end was started from reaches its kernels too. Interrupts come as messages.
  process.on("SIGINT", () => {});

  const flags = new Int32Array(input.flags);
  loading.onLoad = () => void Atomics.add(flags, FLAG.loads, 1);

  process.argv.splice(1);
  // Loaded only now, so that the worker has begun meanwhile.
  const { startKernel } = await import("./main/kernel.ts");
  await startKernel({
    worker,
    ring: input.ring,
    flags,
    preloads: values.preload.map((file) => resolve(file)),
    profiles: values.profile,
    sets: values.set,
    history: input.history,
    folder: process.cwd(),
  });
}
