import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Notebook } from "@opsbook/notebook";
import type { Entry, SessionState } from "@opsbook/notebook/session";
import { writeAtomic } from "./atomic-write.ts";
import { Blobs } from "./blobs.ts";
import { toFile, toSession } from "./convert.ts";
import { versionOf } from "./formats.ts";
import { GroupLog } from "./group-log.ts";
import { adoptWhole, SAVED_STREAM_BYTES, savedText } from "./saved-stream.ts";
import { SessionFolder, type Snapshot } from "./session-folder.ts";
import { nextLineStart, readSpool, Spool } from "./spool.ts";
import { Spools } from "./spools.ts";

function tempFolder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), "opsbook-store-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

describe("writeAtomic", () => {
  test("[P2] replaces the content, keeps the mode, leaves no temp file", async () => {
    using folder = tempFolder();
    const file = join(folder.path, "a.ipynb");
    writeFileSync(file, "old");
    chmodSync(file, 0o640);
    await writeAtomic(file, "new");
    assert.equal(readFileSync(file, "utf8"), "new");
    assert.equal(statSync(file).mode & 0o7777, 0o640);
    assert.deepEqual(readdirSync(folder.path), ["a.ipynb"]);
  });

  test("[P3] a write that fails leaves the old file and no temp file", async () => {
    using folder = tempFolder();
    const file = join(folder.path, "folder");
    writeFileSync(join(folder.path, "kept"), "kept");
    await assert.rejects(writeAtomic(join(file, "missing", "a"), "new"), { code: "ENOENT" });
    await assert.rejects(writeAtomic(folder.path, "new"), /EISDIR|EBUSY|ENOTEMPTY|EEXIST/);
    assert.deepEqual(readdirSync(folder.path), ["kept"]);
  });
});

describe("GroupLog", () => {
  test("keeps the order of what is appended at once, with one trailer a write", async () => {
    using folder = tempFolder();
    const file = join(folder.path, "log");
    let trailers = 0;
    const log = new GroupLog(file, "head", () => `t${++trailers}`);
    await Promise.all([1, 2, 3].map((n) => log.append(String(n), { durable: n === 2 })));
    await log.append("4", { durable: false });
    await log.close();
    assert.equal(readFileSync(file, "utf8"), "head\n1\n2\n3\nt1\n4\nt2\n");
  });

  test("drops a line that a crash cut, before it appends another", async () => {
    using folder = tempFolder();
    const file = join(folder.path, "log");
    writeFileSync(file, '{"a":1}\n{"b"');
    const log = new GroupLog(file, "head", () => null);
    await log.append('{"c":1}', { durable: true });
    await log.close();
    assert.equal(readFileSync(file, "utf8"), '{"a":1}\n{"c":1}\n');
  });

  test("[P3] fails for good, whole batch by whole batch, when the disk is full", async () => {
    const log = new GroupLog("/dev/full", "head", () => null);
    const results = await Promise.allSettled([log.append("1", { durable: true }), log.append("2", { durable: true })]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    await assert.rejects(log.append("3", { durable: false }), { code: "ENOSPC" });
    assert.equal(log.failed, true);
  });
});

describe("Spool", () => {
  test("reads by byte offset and never ends inside a character", () => {
    using folder = tempFolder();
    const file = join(folder.path, "spool");
    const text = "aé€😀".repeat(50);
    const spool = Spool.create(file);
    spool.append(text);
    for (let limit = 4; limit < 40; limit++) {
      const parts: Buffer[] = [];
      for (let at = 0; at < spool.bytes; at += parts.at(-1)!.length) parts.push(readSpool(file, at, limit));
      assert.ok(parts.every((part) => !part.toString().includes("\ufffd")));
      assert.equal(Buffer.concat(parts).toString(), text);
    }
    const { bytes, hash } = spool.close();
    assert.equal(bytes, Buffer.byteLength(text));
    assert.equal(hash, createHash("sha256").update(text).digest("hex"));
  });

  test("[P9] goes on after the bytes it is told, with the right hash", async () => {
    using folder = tempFolder();
    const file = join(folder.path, "spool");
    Spool.create(file).append("kept|lost");
    const spool = await Spool.resume(file, 5);
    spool.append("again");
    assert.equal(spool.close().hash, createHash("sha256").update("kept|again").digest("hex"));
    assert.equal(readFileSync(file, "utf8"), "kept|again");
  });

  test("finds the start of a line", () => {
    using folder = tempFolder();
    const file = join(folder.path, "spool");
    writeFileSync(file, "one\ntwo\nthree");
    assert.equal(nextLineStart(file, 2), 4);
    assert.equal(nextLineStart(file, 9), 9);
  });
});

const state: SessionState = {
  notebook: { metadata: {}, nbformat_minor: 5, cells: [], bin: [] },
  runtime: {
    kernelName: "typescript",
    displayName: "TypeScript",
    language: "typescript",
    kernelId: null,
    status: "none",
  },
  executions: [],
  prompts: [],
  clients: [],
};

describe("SessionFolder", () => {
  const snapshot = (seq: number): Snapshot => ({
    version: versionOf("session"),
    path: "a.ipynb",
    seq,
    state,
    clientSeqs: [["client-1", 4]],
    refusals: [["client-1", 3, "invalid", "why"]],
    saved: null,
    saving: null,
    cursor: null,
    timeline: [],
  });
  const entry = (seq: number): Entry => ({ seq, at: 1, by: null, op: { type: "client-left", clientId: "client-1" } });

  test("[P1] gives back the snapshot and what was logged since, without a torn end", async () => {
    using folder = tempFolder();
    const session = new SessionFolder(folder.path);
    assert.equal(await session.recover(), null);
    await session.writeSnapshot(snapshot(2));
    const cursor = { kernelId: "k", kseq: 7, streams: { s: 3 } };
    const log = session.openLog(2, () => cursor);
    for (const seq of [3, 4]) await log.append(JSON.stringify({ entry: entry(seq) }), { durable: true });
    await log.append(JSON.stringify({ saved: { seq: 3, hash: "h" } }), { durable: false });
    await log.close();
    appendFileSync(join(folder.path, "log-2.jsonl"), '{"entry":{"seq":5,');
    const recovered = await session.recover();
    assert.deepEqual(
      recovered?.entries.map(({ seq }) => seq),
      [3, 4],
    );
    assert.deepEqual(recovered?.saved, [{ seq: 3, hash: "h" }]);
    assert.deepEqual(recovered?.cursor, cursor);
  });

  test("a newer snapshot drops the logs before it and keeps its own", async () => {
    using folder = tempFolder();
    const session = new SessionFolder(folder.path);
    await session.writeSnapshot(snapshot(0));
    await session.openLog(0, () => null).close();
    await session.openLog(3, () => null).close();
    await session.writeSnapshot(snapshot(3));
    assert.deepEqual(readdirSync(folder.path).sort(), ["log-3.jsonl", "snapshot.json"]);
  });
});

describe("files and sessions", () => {
  test("[part of 3.5-ipynb] outputs of every kind come back as they were, big ones through blobs", async () => {
    using folder = tempFolder();
    const store = { blobs: new Blobs(join(folder.path, "blobs")), spools: new Spools(join(folder.path, "spools")) };
    const image = Buffer.alloc(100_000, 7).toString("base64");
    const rows = Array.from({ length: 20_000 }, (_, n) => ({ n }));
    const notebook: Notebook = {
      nbformat: 4,
      nbformat_minor: 5,
      metadata: { title: "t" },
      cells: [
        {
          id: "a",
          cell_type: "code",
          source: "x",
          metadata: { tags: ["parameters"] },
          execution_count: 3,
          outputs: [
            { output_type: "stream", name: "stderr", text: "é\n" },
            { output_type: "display_data", data: { "image/png": image, "text/plain": "image" }, metadata: { w: 1 } },
            { output_type: "execute_result", execution_count: 3, data: { "application/json": rows }, metadata: {} },
            { output_type: "error", ename: "E", evalue: "v", traceback: ["l"] },
          ],
        },
        { id: "b", cell_type: "markdown", source: "# b", metadata: {}, attachments: { f: { "image/png": "aa" } } },
      ],
    };
    const session = await toSession(notebook, store);
    const display = session.cells[0]?.outputs[1];
    assert.ok(display?.output_type === "display_data" && JSON.stringify(display.data["image/png"]).length < 200);
    assert.deepEqual(await toFile(session, store), notebook);
  });

  test("a reference to a blob that the file itself claims is not believed", async () => {
    using folder = tempFolder();
    const blobs = new Blobs(join(folder.path, "blobs"));
    const forged = { "text/plain": { $blob: "0".repeat(64), bytes: 1 } };
    assert.equal(blobs.isSmall(forged), false);
    assert.deepEqual(await blobs.externalize(forged), { "text/plain": null });
  });

  test("a saved stream beyond the limit is a head, a note and a tail, and is whole again when it is opened", async () => {
    using folder = tempFolder();
    const store = { blobs: new Blobs(join(folder.path, "blobs")), spools: new Spools(join(folder.path, "spools")) };
    const text = Array.from({ length: 200_000 }, (_, n) => `line ${n}\n`).join("");
    const id = randomUUID();
    store.spools.create(id).append(text);
    const end = store.spools.close(id)!;
    assert.deepEqual([end.bytes, end.lines], [text.length, 200_000]);
    const output = {
      id,
      executionId: null,
      output_type: "stream" as const,
      name: "stdout" as const,
      closed: true,
      ...end,
    };
    const cell = { id: "a", cell_type: "code" as const, source: "", metadata: {}, execution_count: 1, version: 0 };
    const notebook = { metadata: {}, nbformat_minor: 5, cells: [{ ...cell, outputs: [output] }], bin: [] };
    const file = await toFile(notebook, store);
    const saved = textOf(file);
    assert.ok(saved.length < SAVED_STREAM_BYTES + 100_000);
    assert.ok(saved.startsWith("line 0\nline 1\n") && saved.endsWith("line 199999\n"));
    const [note, lines, bytes] =
      /\[opsbook: ([\d,]+) lines \(([\d,]+) bytes\) left out here;[^\n]*\n/.exec(saved) ?? [];
    const rest = saved.replace(note ?? "", "");
    assert.equal(Number(bytes?.replaceAll(",", "")), text.length - rest.length);
    assert.equal(Number(lines?.replaceAll(",", "")), 200_000 - rest.split("\n").length + 1);

    const opened = (await toSession(file, store)).cells[0]?.outputs[0];
    assert.ok(opened?.output_type === "stream" && opened.id !== id);
    assert.deepEqual([opened.bytes, opened.lines, opened.hash], [end.bytes, end.lines, end.hash]);
    // Each notebook has the text for itself.
    store.spools.remove(id);
    assert.equal(readFileSync(store.spools.file(opened.id), "utf8"), text);
  });

  test("a note that names a spool the text was not cut from is plain text", async () => {
    using folder = tempFolder();
    const store = { blobs: new Blobs(join(folder.path, "blobs")), spools: new Spools(join(folder.path, "spools")) };
    const id = randomUUID();
    store.spools.create(id).append("a secret of another notebook\n");
    store.spools.close(id);
    const text = `x\n[opsbook: 1 lines (5 bytes) left out here; the whole output is kept as .opsbook/spools/${id}]\ny\n`;
    const outputs = [{ output_type: "stream" as const, name: "stdout" as const, text }];
    const cell = { id: "a", cell_type: "code" as const, source: "", metadata: {}, execution_count: 1, outputs };
    const session = await toSession({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell] }, store);
    assert.equal(textOf(await toFile(session, store)), text);
  });

  test("a line without an end is cut in its middle, and what another notebook holds is not touched", async () => {
    using folder = tempFolder();
    const spools = new Spools(folder.path);
    const id = randomUUID();
    spools.create(id).append("é".repeat(2_000_000));
    spools.close(id);
    const saved = await savedText(id, spools);
    assert.match(saved, /^é+\n\[opsbook: 1 lines \(\d,\d{3},\d{3} bytes\) left out here;[^\n]*\]\né+$/);
    assert.equal(await adoptWhole(saved, randomUUID(), spools), true);
  });
});

function textOf(notebook: Notebook): string {
  const cell = notebook.cells[0];
  const output = cell?.cell_type === "code" ? cell.outputs[0] : undefined;
  return output?.output_type === "stream" ? output.text : "";
}
