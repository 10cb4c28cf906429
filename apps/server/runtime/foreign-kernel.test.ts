import assert from "node:assert/strict";
import { test } from "node:test";
import { run, watch } from "./testing/kernels.ts";
import { makePlace } from "./testing/place.ts";

test("a Python kernel of this machine runs, is interrupted by signal, and restarts", async (t) => {
  await using place = makePlace();
  const runtime = await place.start();
  if (!(await runtime.kernelspecs()).some(({ name }) => name === "python3")) {
    t.skip("no python3 kernel is installed here");
    return;
  }
  const kernel = await runtime.startKernel({ spec: "python3", cwd: ".", label: "" });
  assert.equal(kernel.spec.interruptMode, "signal");
  using seen = watch(kernel);
  await run(kernel, "kept = 6 * 7\nprint('answer', kept)");
  await seen.saw(() => seen.text().includes("answer 42\n"));
  const loop = run(kernel, "print('looping', flush=True)\nwhile True: pass");
  await seen.saw(() => seen.text().includes("looping\n"));
  await kernel.interrupt();
  assert.equal((await loop).ename, "KeyboardInterrupt");
  await run(kernel, "print('still', kept)");
  await seen.saw(() => seen.text().includes("still 42\n"));
  await kernel.restart();
  assert.equal((await run(kernel, "kept")).ename, "NameError");
  assert.deepEqual(
    seen.exits().map(({ expected }) => expected),
    [true],
  );
});
