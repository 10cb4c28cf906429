import assert from "node:assert/strict";
import { describe, it } from "node:test";
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
});
