import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Output } from "@opsbook/notebook";
import { FaultProxy } from "./testing/fault-proxy.ts";
import { converged, LiveClient, sha256, until } from "./testing/live-client.ts";
import { OpsbookProcess } from "./testing/opsbook-process.ts";

const CUTS = 200;

function firstDifference(one: string, other: string): string {
  const [left, right] = [one.split("\n"), other.split("\n")];
  const at = left.findIndex((line, index) => line !== right[index]);
  return `line ${at} of ${left.length}: ${JSON.stringify(left.slice(at - 1, at + 2))} for ${JSON.stringify(right.slice(at - 1, at + 2))}`;
}

describe("pages on a real server", { timeout: 280_000 }, () => {
  it("[P6] 200 connections cut in the middle of a frame leave no duplicate and no gap", async () => {
    await using server = await OpsbookProcess.start();
    await using proxy = await FaultProxy.start(server);
    const id = await server.open();
    using author = new LiveClient(id, proxy.port);
    await author.online();
    const typed = author.insert("", "markdown");
    const lines = Array.from({ length: 200_000 }, (_, index) => `${index} ${"ä€😀x".repeat(1 + (index % 5))}`);
    const printing = await author.run(
      'for (let n = 0; ; n++) { console.log(n + " " + "ä€😀x".repeat(1 + (n % 5))); await new Promise((r) => setTimeout(r, 2)); }',
    );
    await until(() => author.status(printing) === "running");
    using second = new LiveClient(id, proxy.port);
    using third = new LiveClient(id, proxy.port);
    const clients = [author, second, third];
    for (const client of clients) await client.online();
    const handles = clients.map(({ session }) => session.texts.open(typed));
    // Few bytes end a connection within its first frames, more within those that follow.
    proxy.cutBy(() => ({ up: 500 + Math.random() * 1500, down: 2000 + Math.random() * 30_000 }));
    proxy.cut();
    const words: string[] = [];
    while (proxy.cuts < CUTS) {
      const who = words.length % clients.length;
      const word = `<${who}.${words.length}>`;
      words.push(word);
      handles[who]!.edit([{ index: handles[who]!.text.length, remove: 0, insert: word }]);
      if (words.length % 10 === 0) clients[who]!.insert(`cell ${words.length}`);
      for (const { session } of clients) session.wake();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    proxy.cutBy(() => null);
    for (const client of clients) await client.online();
    author.submit({ type: "interrupt-kernel" });
    await author.ended(printing);
    const shown = await converged(clients, () => new LiveClient(id, proxy.port), "after the cuts");
    const text = author.shownText(printing);
    const count = text.split("\n").length - 1;
    assert.ok(count > 200, `${count} lines were printed`);
    const expected = lines.slice(0, count).map((line) => `${line}\n`);
    assert.equal(sha256(text), sha256(expected.join("")), firstDifference(text, expected.join("")));
    for (const client of clients) assert.equal(sha256(client.shown()), sha256(shown));
    const file = server.notebook();
    const cell = file?.cells.find((one) => one.id === printing);
    assert.ok(cell?.cell_type === "code" && cell.outputs[0]?.output_type === "stream");
    assert.equal(sha256(cell.outputs[0].text), sha256(text));
    const note = file?.cells.find((one) => one.id === typed)?.source ?? "";
    // Words typed at one place at one time may come to lie within each other, but nothing is lost and nothing doubled.
    assert.equal([...note].sort().join(""), [...words.join("")].sort().join(""), note);
    assert.equal(file?.cells.filter(({ source }) => source.startsWith("cell ")).length, Math.floor(words.length / 10));
  });

  it("[P5] 100,000 lines and images with nobody attached are all there, in order, in the session and in the file", async () => {
    await using server = await OpsbookProcess.start();
    await using proxy = await FaultProxy.start(server);
    const id = await server.open();
    const source = `
      const magic = Buffer.from("89504e470d0a1a0a", "hex");
      for (let n = 0; n < 100000; n++) {
        console.log(n);
        if (n % 20000 === 10000) display.image(Buffer.concat([magic, Buffer.from("picture " + n + "!".repeat(300000))]));
      }`;
    let cellId = "";
    {
      using author = new LiveClient(id, proxy.port);
      await author.online();
      cellId = await author.run(source);
      await until(() => author.status(cellId) === "running" || author.status(cellId) === "ok");
    }
    // Nobody is there now; the end of the run is seen by one who comes later.
    using later = new LiveClient(id, proxy.port);
    await later.online();
    await later.ended(cellId);
    assert.equal(later.status(cellId), "ok", JSON.stringify(later.state.executions));
    await until(() => later.session.store.getState().save?.state === "saved");
    const outputs = later.state.notebook.cells.find((cell) => cell.id === cellId)?.outputs ?? [];
    const lines = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => `${from + index}\n`).join("");
    const borders = [0, 10_001, 30_001, 50_001, 70_001, 90_001, 100_000];
    const expected = borders.slice(1).map((to, index) => lines(borders[index]!, to));
    const file = server.notebook()?.cells.find((cell) => cell.id === cellId);
    assert.ok(file?.cell_type === "code");
    const texts: string[] = [];
    const images: string[] = [];
    for (const [index, output] of outputs.entries()) {
      const saved: Output | undefined = file.outputs[index];
      if (output.output_type === "stream") {
        const path = `/api/opsbook/spools/${output.id}`;
        texts.push(await (await server.request("GET", path)).text());
        assert.equal(saved?.output_type === "stream" && saved.text, texts.at(-1));
      } else {
        assert.ok(output.output_type === "display_data" && saved?.output_type === "display_data");
        const { $blob } = output.data["image/png"] as { $blob: string };
        const bytes = await (await server.request("GET", `/api/opsbook/blobs/${$blob}`)).arrayBuffer();
        images.push(Buffer.from(bytes).toString("base64"));
        assert.equal(saved.data["image/png"], images.at(-1));
      }
    }
    assert.deepEqual(texts.map(sha256), expected.map(sha256));
    assert.deepEqual(
      images.map((image) => Buffer.from(image, "base64").subarray(8).toString().replaceAll("!", "")),
      [10_000, 30_000, 50_000, 70_000, 90_000].map((n) => `picture ${n}`),
    );
  });

  it("[P9] a cell goes on counting while its server is killed three times; nothing is lost or runs twice", async () => {
    await using server = await OpsbookProcess.start();
    await using proxy = await FaultProxy.start(server);
    const id = await server.open();
    using client = new LiveClient(id, proxy.port);
    await client.online();
    const witness = server.file("witness");
    const cellId = await client.run(
      `const fs = await import("node:fs"); fs.appendFileSync(${JSON.stringify(witness)}, "ran\\n");
       for (let n = 0; !fs.existsSync(${JSON.stringify(server.file("enough"))}); n++) { console.log(n); await new Promise((r) => setTimeout(r, 2)); }`,
    );
    for (let kills = 0; kills < 3; kills += 1) {
      const before = client.shownText(cellId).length;
      await until(() => client.shownText(cellId).length > before + 500);
      await server.kill();
      await server.serve();
      await server.open();
      client.session.wake();
      await client.online();
    }
    writeFileSync(server.file("enough"), "");
    await client.ended(cellId);
    assert.equal(client.status(cellId), "ok");
    await converged([client], () => new LiveClient(id, proxy.port), "after three kills");
    const text = client.shownText(cellId);
    const count = text.split("\n").length - 1;
    const expected = Array.from({ length: count }, (_, n) => `${n}\n`).join("");
    assert.equal(sha256(text), sha256(expected), firstDifference(text, expected));
    assert.equal(readFileSync(witness, "utf8"), "ran\n");
    assert.equal(client.state.executions.length, 1);
  });

  it("[P10] a shell goes on while its server is killed, and shows what it said meanwhile", async () => {
    await using server = await OpsbookProcess.start();
    await using proxy = await FaultProxy.start(server);
    const { name } = (await server.json("POST", "/api/terminals", {})) as { name: string };
    const socket = () => new WebSocket(`ws://127.0.0.1:${proxy.port}/api/opsbook/terminals/${name}/socket?offset=0`);
    const first = await reading(socket());
    first.send("n=0; while [ ! -e enough ]; do n=$((n+1)); echo tick-$n-; sleep 0.02; done; echo all-$n-done\n");
    await until(() => first.text().includes("tick-20-"));
    await server.kill();
    await server.serve();
    await until(async () => ((await server.json("GET", "/api/terminals")) as { name: string }[]).length === 1);
    const second = await reading(socket());
    const reached = Number([...first.text().matchAll(/tick-(\d+)-/g)].at(-1)?.[1]);
    await until(() => second.text().includes(`tick-${reached + 20}-`));
    writeFileSync(server.file("enough"), "");
    await until(() => /all-\d+-done/.test(second.text()));
    const last = Number(/all-(\d+)-done/.exec(second.text())?.[1]);
    const ticks = [...second.text().matchAll(/tick-(\d+)-/g)].map(([, n]) => Number(n));
    assert.deepEqual(
      ticks,
      Array.from({ length: last }, (_, index) => index + 1),
    );
    second.close();
  });

  it("[part of P9] a run whose answer was lost is not repeated, however often it is sent", async () => {
    await using server = await OpsbookProcess.start();
    await using proxy = await FaultProxy.start(server);
    const id = await server.open();
    using client = new LiveClient(id, proxy.port);
    await client.online();
    const witness = server.file("witness");
    for (let turn = 0; turn < 20; turn += 1) {
      const cellId = client.insert(
        `(await import("node:fs")).appendFileSync(${JSON.stringify(witness)}, "${turn}\\n")`,
      );
      await until(() => client.isOnline && client.session.cells.get(cellId) !== undefined);
      // What goes up is obeyed; what comes down is cut within its first bytes, the answer among them.
      const running = client.session.run([cellId]);
      await running;
      proxy.cut();
      proxy.cutBy(() => ({ up: Number.POSITIVE_INFINITY, down: 600 + turn * 150 }));
      for (let again = 0; again < 3; again += 1) {
        client.session.wake();
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
      proxy.cutBy(() => null);
      client.session.wake();
      await client.online();
      await client.ended(cellId);
    }
    const ran = readFileSync(witness, "utf8").trimEnd().split("\n");
    assert.deepEqual(ran, [...Array(20).keys()].map(String));
  });

  it("[P12] an interrupt ends a cell in the middle of a flood of output", async () => {
    await using server = await OpsbookProcess.start();
    await using proxy = await FaultProxy.start(server);
    const id = await server.open();
    using client = new LiveClient(id, proxy.port);
    await client.online();
    for (const source of [
      "while (true) console.log('flood'.repeat(40));",
      "while (true) { console.log('flood'.repeat(40)); await null; }",
      "while (true) { console.log('flood'.repeat(40)); await new Promise((r) => setImmediate(r)); }",
    ]) {
      const cellId = await client.run(source);
      await until(() => client.shownText(cellId).length > 500_000);
      const began = performance.now();
      client.submit({ type: "interrupt-kernel" });
      await client.ended(cellId);
      const run = client.state.executions.find((execution) => execution.cellId === cellId);
      assert.equal(run?.status, "interrupted");
      process.stdout.write(`# interrupted within ${Math.round(performance.now() - began)} ms\n`);
    }
    const after = await client.run("console.log('alive')");
    await client.ended(after);
    await until(() => client.shownText(after) === "alive\n");
  });
});

/** A terminal's socket with what it said so far. */
async function reading(socket: WebSocket): Promise<{ text(): string; send(keys: string): void; close(): void }> {
  let text = "";
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => {
    if (data instanceof ArrayBuffer) text += new TextDecoder().decode(data);
  });
  await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
  return { text: () => text, send: (keys) => socket.send(new TextEncoder().encode(keys)), close: () => socket.close() };
}
