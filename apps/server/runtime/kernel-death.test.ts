import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isAlive } from "../keeper/process-table.ts";
import type { Kernel, Kernelspec } from "./index.ts";
import { run, type Watch, watch } from "./testing/kernels.ts";
import { makePlace, until, writeKernelspecs } from "./testing/place.ts";

const START = { spec: "typescript", cwd: ".", label: "" };

async function pidOf(kernel: Kernel, seen: Watch): Promise<number> {
  await run(kernel, "console.log('pid', process.pid)");
  await seen.saw(() => /pid \d+\n/.test(seen.text()));
  return Number(/pid (\d+)\n/.exec(seen.text())?.[1]);
}

test("[P8] a killed kernel is told with its cause and last words, and comes back under its id", async () => {
  await using place = makePlace();
  const kernel = await (await place.start()).startKernel(START);
  using seen = watch(kernel);
  const pid = await pidOf(kernel, seen);
  await run(kernel, "require('node:fs').writeSync(2, 'last words\\n')");
  const waiting = kernel.request("shell", "comm_msg", { comm_id: "none", data: {} }, { timeout: 60_000 });
  process.kill(pid, "SIGKILL");
  await assert.rejects(waiting, { code: "kernel-dead" });
  await seen.saw(() => seen.exits().length === 1);
  const [exit] = seen.exits();
  assert.equal(exit?.signal, "SIGKILL");
  assert.match(exit?.cause ?? "", /^killed by signal 9/);
  assert.equal(exit?.expected, false);
  assert.match(exit?.stderr ?? "", /last words/);
  assert.equal(kernel.state, "dead");
  await assert.rejects(kernel.interrupt(), { code: "kernel-dead" });
  await kernel.restart();
  assert.equal((await run(kernel, "1")).status, "ok");
  assert.equal(seen.exits().length, 1);
});

test("[P8] output that was on its way when the kernel ended comes before the end", async () => {
  await using place = makePlace();
  const kernel = await (await place.start()).startKernel(START);
  using seen = watch(kernel);
  await kernel.execute({
    ...{ executionId: "last", storeHistory: true, stopOnError: true, allowStdin: false },
    code: "for (let i = 1; i <= 20000; i++) console.log('line', i); process.exit(5)",
  });
  await seen.saw(() => seen.exits().length === 1);
  assert.equal(seen.events.at(-1)?.type, "exited");
  assert.equal(seen.exits()[0]?.code === 5 || seen.exits()[0]?.signal !== null, true);
  assert.ok(seen.text().includes("\nline 20000\n"), seen.text().slice(-100));
});

test("[P8] an abort and a kernel that never answers are told as such", async () => {
  await using place = makePlace();
  const runtime = await place.start({
    environment: {
      ...process.env,
      JUPYTER_PATH: writeKernelspecs(place, {
        mute: {
          argv: ["sh", "-c", "exec sleep 1000", "{connection_file}"],
          metadata: { opsbook: { readyTimeoutMs: 200 } },
        },
        silent: { argv: ["sh", "-c", "echo going down >&2; exit 3", "{connection_file}"] },
      }),
    },
  });
  const aborting = await runtime.startKernel(START);
  using one = watch(aborting);
  await run(aborting, "process.abort()");
  await one.saw(() => one.exits().length === 1);
  assert.match(one.exits()[0]?.cause ?? "", /^aborted/);
  using two = watch(await runtime.startKernel({ ...START, spec: "silent" }));
  await two.saw(() => two.exits().length === 1);
  assert.match(two.exits()[0]?.cause ?? "", /exit code 3/);
  assert.equal(two.exits()[0]?.stderr, "going down\n");
  const mute = await runtime.startKernel({ ...START, spec: "mute" });
  using three = watch(mute);
  const early = mute.execute({ executionId: "e", code: "1", storeHistory: true, stopOnError: true, allowStdin: false });
  await assert.rejects(early, { code: "kernel-dead" });
  await three.saw(() => three.exits().length === 1);
  assert.match(three.exits()[0]?.cause ?? "", /never became ready.*0\.2 s/);
});

test("[P8] a kernel that the system killed for want of memory is told as that", async (t) => {
  const group = memoryGroup();
  if (!group) {
    t.skip("no memory cgroup can be made here");
    return;
  }
  using _ = group;
  await using place = makePlace();
  const script = 'echo $$ > "$0"; exec "$@"';
  const plain = await place.start();
  const [own] = await plain.kernelspecs();
  await plain.close({ keepAlive: false });
  const path = writeKernelspecs(place, {
    small: { ...specOf(own), argv: ["sh", "-c", script, group.procs, ...(own?.argv ?? [])] },
  });
  const runtime = await place.start({ environment: { ...process.env, JUPYTER_PATH: path } });
  const kernel = await runtime.startKernel({ ...START, spec: "small" });
  using seen = watch(kernel);
  await run(kernel, "const hog = []; for (;;) hog.push(Buffer.alloc(16 << 20, 1))");
  await seen.saw(() => seen.exits().length === 1);
  assert.match(seen.exits()[0]?.cause ?? "", /for want of memory/);
});

test("[P8] when the keeper is killed its kernels end, are told, and come back under their ids", async () => {
  await using place = makePlace();
  const runtime = await place.start();
  const kernel = await runtime.startKernel(START);
  using seen = watch(kernel);
  const pid = await pidOf(kernel, seen);
  const startTicks = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19] ?? "";
  process.kill(place.keeper().pid, "SIGKILL");
  await seen.saw(() => seen.exits().length === 1);
  assert.equal(seen.exits()[0]?.cause, "the keeper process ended");
  using late = watch(kernel);
  await late.saw(() => late.exits().length === 1);
  await assert.rejects(kernel.interrupt(), { code: "kernel-dead" });
  await kernel.restart();
  await until(() => !isAlive({ pid, startTicks }));
  assert.equal((await run(kernel, "2")).status, "ok");
  assert.deepEqual(
    seen.events.map(({ kseq }) => kseq),
    seen.events.map((_, i) => i + 1),
  );
  assert.equal(runtime.kernel(kernel.id), kernel);
});

function specOf(own: Kernelspec | undefined): object {
  return { interrupt_mode: own?.interruptMode, metadata: own?.metadata };
}

/** A cgroup with 160 MiB, of either version; null where this user may not make one. */
function memoryGroup(): ({ procs: string } & Disposable) | null {
  const name = `opsbook-test-${process.pid}`;
  for (const [mount, limit] of [
    ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
    ["/sys/fs/cgroup", "memory.max"],
  ] as const) {
    const folder = join(mount, name);
    try {
      mkdirSync(folder);
      writeFileSync(join(folder, limit), String(160 * 1024 * 1024));
    } catch {
      continue;
    }
    return { procs: join(folder, "cgroup.procs"), [Symbol.dispose]: () => rmdirSync(folder) };
  }
  return null;
}
