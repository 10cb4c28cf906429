import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run, watch } from "./testing/kernels.ts";
import { makePlace, type Place, until } from "./testing/place.ts";
import { forkServer, type Told } from "./testing/server-fork.ts";

const MiB = 1024 * 1024;

function keeperMemory(place: Place): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${place.keeper().pid}/status`, "utf8"))?.[1]) * 1024;
}

function spoolFiles(place: Place): string[] {
  const files = readdirSync(join(place.stateDir, "keeper"), { recursive: true, withFileTypes: true });
  return files.filter((file) => file.isFile()).map(({ name }) => name);
}

test("[P9] a server is killed while a cell counts: the next one gets the rest, nothing twice, and the variables", async () => {
  await using place = makePlace();
  const told: (Told & { told: "event" })[] = [];
  const server = await forkServer(place, (one) => {
    if (one.told === "event") told.push(one);
  });
  const code = `
    let count = 0;
    while (count < 600) {
      console.log("n " + ++count);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await import("node:fs").then((fs) => fs.writeFileSync("finished", ""));`;
  server.child.send({ do: "kernel", spec: "typescript", code, acknowledge: 20 });
  await until(() => told.some(({ text }) => text.includes("n 50\n")));
  await server.kill();
  assert.ok(!existsSync(join(place.root, "finished")), "the cell still ran");
  await until(() => existsSync(join(place.root, "finished")));

  const runtime = await place.start();
  const [kernel] = runtime.kernels();
  assert.equal(kernel?.id, told[0]?.id);
  assert.ok(kernel);
  const last = told.at(-1)?.kseq ?? 0;
  using rest = watch(kernel, { after: last });
  await rest.saw(
    () => rest.contents("execute_reply").length === 1 && rest.contents("status").at(-1)?.execution_state === "idle",
  );
  const kseqs = [...told, ...rest.events].map(({ kseq }) => kseq);
  assert.deepEqual(
    kseqs,
    kseqs.map((_, i) => i + 1),
  );
  const lines = (told.map(({ text }) => text).join("") + rest.text()).split("\n");
  assert.deepEqual(
    lines.slice(0, -1),
    Array.from({ length: 600 }, (_, i) => `n ${i + 1}`),
  );
  await run(kernel, "console.log('count', count)");
  await rest.saw(() => rest.text().includes("count 600\n"));
});

test("[P9] what was not acknowledged can be had again by the next server", async () => {
  await using place = makePlace();
  const first = await place.start();
  const kernel = await first.startKernel({ spec: "typescript", cwd: ".", label: "" });
  using seen = watch(kernel, { acknowledge: false });
  await run(kernel, "console.log('one')");
  await seen.saw(() => seen.text() === "one\n");
  await first.close({ keepAlive: true });
  const again = (await place.start()).kernel(kernel.id) ?? assert.fail();
  assert.equal(again.state, "ready");
  using repeated = watch(again);
  await repeated.saw(() => repeated.events.length >= seen.events.length);
  assert.deepEqual(repeated.events.slice(0, seen.events.length), seen.events);
});

test("[P9] 200 MB printed without a server: memory stays flat, all of it arrives in order, then the disk is free", async (t) => {
  await using place = makePlace();
  const first = await place.start();
  const kernel = await first.startKernel({ spec: "typescript", cwd: ".", label: "" });
  await run(kernel, "1");
  const lines = 2_000_000;
  const code = `
    const line = "x".repeat(91);
    for (let i = 0; i < ${lines}; i++) console.log(String(i).padStart(8, "0") + line);
    await import("node:fs").then((fs) => fs.writeFileSync("finished", ""));`;
  await kernel.execute({ executionId: "flood", code, storeHistory: true, stopOnError: true, allowStdin: false });
  await first.close({ keepAlive: true });
  const before = keeperMemory(place);
  let most = before;
  await until(() => {
    most = Math.max(most, keeperMemory(place));
    return existsSync(join(place.root, "finished"));
  });
  t.diagnostic(`keeper: ${Math.round(before / MiB)} MiB before, ${Math.round(most / MiB)} MiB at most`);
  assert.ok(most - before < 100 * MiB, `grew by ${Math.round((most - before) / MiB)} MiB`);
  assert.ok(spoolFiles(place).length > 10);

  const again = (await place.start()).kernel(kernel.id) ?? assert.fail();
  const hash = createHash("sha256");
  let bytes = 0;
  let idle = false;
  let kseq = 0;
  using _ = again.subscribe(0, (event) => {
    assert.equal(event.kseq, kseq + 1);
    kseq = event.kseq;
    if (event.type !== "message" || event.message.parent_header.msg_id !== "flood") return;
    const { content, header } = event.message;
    if (header.msg_type === "status") idle = content.execution_state === "idle";
    if (header.msg_type !== "stream") return;
    hash.update(String(content.text));
    bytes += Buffer.byteLength(String(content.text));
  });
  await until(() => idle);
  assert.equal(bytes, lines * 100);
  const expected = createHash("sha256");
  const line = "x".repeat(91);
  for (let i = 0; i < lines; i++) expected.update(`${String(i).padStart(8, "0")}${line}\n`);
  assert.equal(hash.digest("hex"), expected.digest("hex"));
  t.diagnostic(`keeper: ${Math.round(keeperMemory(place) / MiB)} MiB after handing over`);
  assert.ok(spoolFiles(place).length > 10, "nothing is deleted before it is acknowledged");
  again.acknowledge(kseq);
  await until(() => spoolFiles(place).length === 0);
});
