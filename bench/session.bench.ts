/**
 * A session under load: many people on many notebooks that print, operations at 1,000 cells, coming back after 10,000
 * missed operations, and what a durable answer costs beside a bare fdatasync on the same disk.
 * `npm run bench -- session --minutes 10 --notebooks 20 --clients 50 --lines 1000`
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Load, MEGABYTES, MILLISECONDS, progress, type Row, table } from "./lib/figures.ts";
import { notebookFile } from "./lib/notebook-file.ts";
import { type Served, startOpsbook } from "./lib/servers.ts";
import { SessionClient, sourceHash } from "./lib/session-client.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    notebooks: { type: "string", default: "20" },
    clients: { type: "string", default: "50" },
    lines: { type: "string", default: "1000" },
  },
});
const MINUTES = Number(values.minutes);
const NOTEBOOKS = Number(values.notebooks);
const CLIENTS = Number(values.clients);
const LINES_PER_SECOND = Number(values.lines);
const CELLS = 1000;
const EDITS = 300;
const MISSED = 10_000;
const RSS_EVERY_MS = 2000;
const ECHO_EVERY_MS = 1000;

const load = new Load();
const TOKEN = crypto.randomUUID() + crypto.randomUUID();
const folder = mkdtempSync(join(tmpdir(), "opsbook-session-bench-"));
const tokenFile = join(folder, "token");
writeFileSync(tokenFile, TOKEN, { mode: 0o600 });
await using server = await startOpsbook(["--token-file", tokenFile]);
const alone = await operations(server);
const storm = await underLoad(server, server.pid);
rmSync(folder, { recursive: true });
process.stdout.write(report());

/** On an idle server: durable answers, broadcasts at 1,000 cells, a return after many missed operations. */
async function operations(served: Served) {
  progress("operations at 1,000 cells");
  const cells = Array.from({ length: CELLS }, (_, at) => `const value${at} = ${at};`);
  const address = await openSession(served, "cells.ipynb", cells);
  const writer = await connected(address);
  const readers = await Promise.all(Array.from({ length: 10 }, () => connected(address)));
  const answer: number[] = [];
  const broadcast: number[] = [];
  for (let at = 0; at < EDITS; at += 1) {
    const begun = performance.now();
    const seen = Promise.all(readers.map((reader) => sees(reader, writer.seq)));
    answer.push(await writer.submit(metadata(at)));
    await seen;
    broadcast.push(performance.now() - begun);
  }
  const raw = await rawSyncs(served.root);
  progress("10,000 missed operations");
  const away = readers[0]!;
  away.cut();
  // One socket may not send that many at once (T10), so some take turns.
  const writers = await Promise.all(Array.from({ length: 5 }, () => connected(address)));
  for (let at = 0; at < MISSED; at += 500)
    await Promise.all(
      Array.from({ length: 500 }, (_, index) => writers[index % writers.length]!.submit(metadata(at + index))),
    );
  const begun = performance.now();
  const welcome = await away.connect();
  const back = performance.now() - begun;
  for (const client of [writer, ...writers, ...readers]) client.cut();
  return {
    answer,
    broadcast,
    raw,
    back,
    missed: welcome.entries?.length ?? 0,
    snapshot: welcome.snapshot !== undefined,
  };
}

/** Everybody's notebooks print while people change things: what an edit takes to be seen, and the server's memory. */
async function underLoad(served: Served, pid: number) {
  const end = MINUTES * 60_000;
  const every = 20;
  const source = `const lines = ${LINES_PER_SECOND} * ${every} / 1000; let n = 0; const begun = Date.now();
while (Date.now() - begun < ${end}) { const due = Math.floor((Date.now() - begun) / ${every}) * lines;
  while (n < due) console.log("line " + n++ + " of a program that prints all day long"); await new Promise((r) => setTimeout(r, ${every})); }
console.log("printed " + n);`;
  const notebooks = await Promise.all(
    Array.from({ length: NOTEBOOKS }, async (_, at) => {
      const address = await openSession(served, `load-${at}.ipynb`, [source, "1"]);
      return { address, driver: await connected(address) };
    }),
  );
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, at) => ({
      at,
      client: await connected(notebooks[at % NOTEBOOKS]!.address),
    })),
  );
  await Promise.all(notebooks.map(({ driver }) => driver.submit(run("cell-0", source))));
  progress(`${CLIENTS} clients on ${NOTEBOOKS} notebooks for ${MINUTES} minutes`);
  const echo: number[] = [];
  const rss: number[] = [];
  const until = performance.now() + end;
  const measure = async () => {
    while (performance.now() < until) {
      rss.push(await rssOf(pid));
      await wait(RSS_EVERY_MS);
    }
  };
  const people = clients.map(async ({ at, client }) => {
    const { driver } = notebooks[at % NOTEBOOKS]!;
    await wait((ECHO_EVERY_MS * at) / CLIENTS);
    for (let turn = 0; performance.now() < until; turn += 1) {
      const begun = performance.now();
      const seen = sees(driver, driver.seq, client.clientId);
      await client.submit(metadata(turn));
      await seen;
      echo.push(performance.now() - begun);
      await wait(ECHO_EVERY_MS);
    }
  });
  await Promise.all([measure(), ...people]);
  const lost = await countLost(served, notebooks, clients);
  for (const { client } of clients) client.cut();
  for (const { driver } of notebooks) driver.cut();
  return { echo, rss, ...lost };
}

interface Address {
  id: string;
  url: string;
  token: string;
}

/** When all runs have ended: bytes of each output at the server, beside what every client was pushed. */
async function countLost(
  served: Served,
  notebooks: readonly { address: Address; driver: SessionClient }[],
  clients: readonly { client: SessionClient; at: number }[],
) {
  let bytes = 0;
  let missing = 0;
  let lines = 0;
  for (const [index, { driver }] of notebooks.entries()) {
    const text = await finalText(served, driver);
    const printed = Number(/printed (\d+)\n$/.exec(text)?.[1] ?? Number.NaN);
    const expected = Array.from({ length: printed }, (_, n) => `line ${n} of a program that prints all day long\n`);
    if (text !== `${expected.join("")}printed ${printed}\n`) missing += 1;
    lines += printed;
    const size = Buffer.byteLength(text);
    bytes += size;
    for (const { client } of clients.filter(({ at }) => at % NOTEBOOKS === index)) {
      const end = performance.now() + 60_000;
      const held = () => [...client.held.values()].reduce((sum, each) => sum + each, 0);
      while (held() < size && performance.now() < end) await wait(50);
      if (held() !== size || client.gaps > 0) missing += 1;
    }
  }
  return { bytes, missing, lines };
}

async function finalText(served: Served, driver: SessionClient): Promise<string> {
  for (;;) {
    const [outputId] = driver.held.keys();
    if (outputId !== undefined) {
      const response = await fetch(new URL(`api/opsbook/spools/${outputId}`, served.url), {
        headers: { Authorization: `token ${TOKEN}` },
      });
      const text = await response.text();
      if (/printed \d+\n$/.test(text)) return text;
    }
    await wait(200);
  }
}

async function openSession(served: Served, path: string, sources: readonly string[]): Promise<Address> {
  const kernelspec = { name: "typescript", display_name: "TypeScript", language: "typescript" };
  const cells = sources.map((source) => ({ type: "code" as const, source }));
  await writeFile(join(served.root, path), notebookFile(kernelspec, cells));
  const response = await fetch(new URL("api/opsbook/sessions", served.url), {
    method: "POST",
    headers: { Authorization: `token ${TOKEN}`, "Content-Type": "application/json" },
    body: JSON.stringify({ path }),
  });
  const { id } = (await response.json()) as { id: string };
  const url = new URL(`api/opsbook/sessions/${id}/socket`, served.url);
  url.protocol = "ws:";
  return { id, url: url.href, token: TOKEN };
}

async function connected(address: Address): Promise<SessionClient> {
  const client = new SessionClient(address);
  await client.connect();
  return client;
}

/** Resolves when the client is told of an operation after `seq`, of `author` where one is named. */
function sees(client: SessionClient, seq: number, author?: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = client.onFrame((frame) => {
      if (frame.type !== "op" || frame.entry.seq <= seq || frame.entry.op.type !== "set-metadata") return;
      const origin = frame.entry.origin as { clientId?: string } | undefined;
      if (author !== undefined && origin?.clientId !== author) return;
      stop();
      resolve();
    });
  });
}

function metadata(value: number): object {
  return { type: "set-metadata", cellId: null, set: { bench: value }, unset: [] };
}

function run(cellId: string, source: string): object {
  return { type: "run-cells", runs: [{ executionId: crypto.randomUUID(), cellId, sourceHash: sourceHash(source) }] };
}

/** What the log does for one answer, without anything around it: append a line of that size, fdatasync. */
async function rawSyncs(folder: string): Promise<number[]> {
  const file = join(folder, ".raw-sync");
  const handle = await open(file, "a");
  const line = Buffer.from(`${"x".repeat(300)}\n`);
  const times: number[] = [];
  for (let at = 0; at < EDITS; at += 1) {
    const begun = performance.now();
    await handle.write(line);
    await handle.datasync();
    times.push(performance.now() - begun);
  }
  await handle.close();
  await rm(file);
  return times;
}

async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

function report(): string {
  const p99 = 0.99;
  const rows: Row[] = [
    {
      what: "an edit answered when it is on disk, beside a bare write and fdatasync, p50",
      unit: MILLISECONDS,
      share: 0.5,
      of: [alone.answer, alone.raw],
    },
    { what: "the same, p99", unit: MILLISECONDS, share: p99, of: [alone.answer, alone.raw] },
    {
      what: "an edit at 1,000 cells seen by all of 10 others, p50",
      unit: MILLISECONDS,
      share: 0.5,
      of: [alone.broadcast, undefined],
    },
    { what: "the same, p99", unit: MILLISECONDS, share: p99, of: [alone.broadcast, undefined] },
    { what: `back after ${MISSED} missed operations`, unit: MILLISECONDS, of: [[alone.back], undefined] },
    { what: "under load: an edit seen by another, p50", unit: MILLISECONDS, share: 0.5, of: [storm.echo, undefined] },
    { what: "the same, p99", unit: MILLISECONDS, share: p99, of: [storm.echo, undefined] },
    {
      what: "memory of the server under load, first quarter",
      unit: MEGABYTES,
      of: [storm.rss.slice(0, Math.ceil(storm.rss.length / 4)), undefined],
    },
    {
      what: "memory of the server under load, last quarter",
      unit: MEGABYTES,
      of: [storm.rss.slice(-Math.ceil(storm.rss.length / 4)), undefined],
    },
  ];
  const how = alone.snapshot ? "a snapshot" : `${alone.missed} operations`;
  return [
    `${EDITS} edits of metadata at ${CELLS} cells; who was away came back to ${how}. Load: ${CLIENTS} clients on ${NOTEBOOKS} notebooks, each printing ${LINES_PER_SECOND} lines a second for ${MINUTES} minutes, each client editing once a second. Printed: ${storm.lines} lines, ${Math.round(storm.bytes / 1e6)} MB; notebooks or clients that lack a byte: ${storm.missing}. Machine: ${load}.`,
    table(["Opsbook", "write + fdatasync"], rows),
    `Memory of the server over time, MB: ${curve(storm.rss).join(", ")}.`,
  ].join("\n\n");
}

/** Twenty points at most. */
function curve(samples: readonly number[]): number[] {
  const step = Math.max(1, Math.floor(samples.length / 20));
  return samples.filter((_, at) => at % step === 0).map(Math.round);
}
