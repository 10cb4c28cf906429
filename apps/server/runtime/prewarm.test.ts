import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { isAlive, type ProcessIdentity, processIdentitySchema } from "../keeper/process-table.ts";
import { run, watch } from "./testing/kernels.ts";
import { makePlace, type Place, until } from "./testing/place.ts";

function processes(place: Place): ProcessIdentity[] {
  const text = readFileSync(join(place.runtimeDir, "kernels.json"), "utf8");
  return z.array(processIdentitySchema).parse(text === "" ? [] : JSON.parse(text));
}

test("the next notebook gets the kernel that waits for it; the spare is nobody's and ends with its server", async () => {
  await using place = makePlace();
  const runtime = await place.start({ prewarm: true });
  const first = await runtime.startKernel({ spec: "typescript", cwd: ".", label: "one.ipynb" });
  const [own] = processes(place);
  await until(() => processes(place).length === 2);
  const spare = processes(place).find(({ pid }) => pid !== own?.pid) ?? assert.fail();
  assert.deepEqual(runtime.kernels(), [first]);

  const second = await runtime.startKernel({ spec: "typescript", cwd: ".", label: "two.ipynb" });
  using seen = watch(second);
  await run(second, "console.log('pid', process.pid)");
  await seen.saw(() => seen.text() === `pid ${spare.pid}\n`);
  assert.equal(seen.events[0]?.kseq, 1);
  assert.equal(seen.events.filter(({ type }) => type === "ready").length, 1);
  assert.equal(second.state, "ready");

  await until(() => processes(place).length === 3);
  const next = processes(place).find(({ pid }) => pid !== own?.pid && pid !== spare.pid) ?? assert.fail();
  await runtime.close({ keepAlive: true });
  await until(() => !isAlive(next));
  const again = await place.start();
  assert.deepEqual(
    again
      .kernels()
      .map(({ label }) => label)
      .sort(),
    ["one.ipynb", "two.ipynb"],
  );
  const elsewhere = await again.startKernel({ spec: "typescript", cwd: ".opsbook", label: "" });
  assert.equal((await run(elsewhere, "1")).status, "ok");
});
