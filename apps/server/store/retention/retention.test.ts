import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pino } from "pino";
import { savedText } from "../saved-stream.ts";
import { Spools } from "../spools.ts";
import { Collector } from "./collector.ts";
import { planCollection, type RetentionPolicy, type StoredFile } from "./plan.ts";
import { idsIn, storedReferences } from "./references.ts";

const MIB = 1_048_576;
const DAY = 86_400_000;
const NOW = 1_800_000_000_000;
const ROOMY: RetentionPolicy = { notebookBytes: 1000 * MIB, folderBytes: 1000 * MIB, keepMs: 30 * DAY };

const file = (id: string, more: Partial<StoredFile> = {}): StoredFile => ({
  kind: "spool",
  id,
  bytes: 10 * MIB,
  at: NOW - DAY,
  open: false,
  ...more,
});

describe("planCollection", () => {
  const plan = (files: StoredFile[], owners: string[][], policy: Partial<RetentionPolicy> = {}) => {
    const { remove, cut } = planCollection(files, {
      owners: owners.map((ids) => new Set(ids)),
      policy: { ...ROOMY, ...policy },
      now: NOW,
    });
    return { remove: remove.map(({ id }) => id), cut: cut.map(({ id }) => id) };
  };

  test("what nobody refers to goes when it is old, what was just written never", () => {
    const files = [
      file("old", { at: NOW - 31 * DAY }),
      file("referred", { at: NOW - 900 * DAY }),
      file("open", { at: NOW - 40 * DAY, open: true }),
      file("young"),
      file("blob", { kind: "blob", at: NOW - 40 * DAY }),
      file("new", { at: NOW - 1000 }),
    ];
    assert.deepEqual(plan(files, [["referred"]]), { remove: ["blob", "old"], cut: [] });
    assert.deepEqual(plan(files, [["referred"]], { keepMs: 0 }).remove, ["blob", "old", "young"]);
  });

  test("a notebook over its quota loses the middle of its oldest logs, and no other does", () => {
    const files = [1, 2, 3, 4].map((n) => file(`a${n}`, { at: NOW - n * DAY }));
    const other = file("b", { at: NOW - 99 * DAY });
    const owners = [["a1", "a2", "a3", "a4"], ["b"]];
    assert.deepEqual(plan([...files, other], owners, { notebookBytes: 25 * MIB }), { remove: [], cut: ["a4", "a3"] });
  });

  test("the folder's quota takes what nobody refers to first, then cuts logs, and never a value or a short log in use", () => {
    const files = [
      file("used-old", { at: NOW - 9 * DAY }),
      file("used-new", { at: NOW - DAY }),
      file("unused", { at: NOW - 2 * DAY }),
      file("short", { bytes: 1000, at: NOW - 90 * DAY }),
      file("value", { kind: "blob", at: NOW - 90 * DAY }),
    ];
    const owners = [["used-old", "used-new", "short", "value"]];
    assert.deepEqual(plan(files, owners, { folderBytes: 35 * MIB }), { remove: ["unused"], cut: [] });
    assert.deepEqual(plan(files, owners, { folderBytes: 25 * MIB }), { remove: ["unused"], cut: ["used-old"] });
    assert.deepEqual(plan(files, owners, { folderBytes: 1 }), { remove: ["unused"], cut: ["used-old", "used-new"] });
  });
});

/** A served folder with the log of one notebook, as a server that was closed leaves it. */
class Folder implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "opsbook-retention-"));
  readonly stateDir = join(this.root, ".opsbook");

  session(key: string, path: string, ids: string[]): void {
    const folder = join(this.stateDir, "sessions", key);
    mkdirSync(folder, { recursive: true });
    const [inSnapshot, inLog] = [ids.slice(0, 1), ids.slice(1)];
    writeFileSync(join(folder, "snapshot.json"), JSON.stringify({ path, ids: inSnapshot }));
    writeFileSync(join(folder, "log-3.jsonl"), inLog.map((id) => `{"id":"${id}"}\n`).join(""));
  }

  spool(spools: Spools, text: string): string {
    const id = randomUUID();
    spools.create(id).append(text);
    spools.close(id);
    return id;
  }

  collector(spools: Spools, policy: Partial<RetentionPolicy> = {}, cut: string[] = []): Collector {
    return new Collector({
      stateDir: this.stateDir,
      root: this.root,
      spools,
      policy: { ...ROOMY, ...policy },
      openReferences: () => new Map(),
      onCut: (id) => cut.push(id),
      log: pino({ level: "silent" }),
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

const lines = (count: number) => Array.from({ length: count }, (_, n) => `line ${n}\n`).join("");
const LATER = () => Date.now() + 40 * DAY;

describe("Collector", () => {
  test("keeps what a closed notebook's snapshot, its log or a checkpoint names; the rest goes", async () => {
    using folder = new Folder();
    const spools = new Spools(join(folder.stateDir, "spools"));
    const [a, b, c, loose, gone] = Array.from({ length: 5 }, () => folder.spool(spools, "text")) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const hash = createHash("sha256").update("x").digest("hex");
    mkdirSync(join(folder.stateDir, "blobs"));
    for (const name of [hash, "f".repeat(64)]) writeFileSync(join(folder.stateDir, "blobs", name), "x");
    writeFileSync(join(folder.root, "a.ipynb"), "{}");
    folder.session("aaaa", "a.ipynb", [a, b, hash]);
    folder.session("dddd", "deleted.ipynb", [gone]);
    mkdirSync(join(folder.stateDir, "checkpoints/aaaa"), { recursive: true });
    writeFileSync(join(folder.stateDir, "checkpoints/aaaa/1.ipynb"), `kept as .opsbook/spools/${c}]`);
    assert.deepEqual((await storedReferences(folder.stateDir, folder.root)).get("aaaa"), new Set([a, b, c, hash]));

    const plan = await folder.collector(spools).run(LATER());
    assert.deepEqual(new Set(plan.remove.map(({ id }) => id)), new Set([loose, gone, "f".repeat(64)]));
    const left = [a, b, c, loose, gone].map((id) => spools.find(id) !== undefined);
    assert.deepEqual(left, [true, true, true, false, false]);
    assert.deepEqual(
      [hash, "f".repeat(64)].map((id) => existsSync(join(folder.stateDir, "blobs", id))),
      [true, false],
    );
  });

  test("a cut log says so, also to the next server, and is saved as it is left", async () => {
    using folder = new Folder();
    const spools = new Spools(join(folder.stateDir, "spools"));
    const id = folder.spool(spools, lines(500_000));
    writeFileSync(join(folder.root, "a.ipynb"), "{}");
    folder.session("aaaa", "a.ipynb", [id]);
    const told: string[] = [];
    const now = LATER();
    await folder.collector(spools, { notebookBytes: 2 * MIB }, told).run(now);
    assert.deepEqual(told, [id]);
    const text = readFileSync(spools.file(id), "utf8");
    assert.ok(text.length < 1_100_000 && text.startsWith("line 0\n") && text.endsWith("line 499999\n"));
    const day = new Date(now).toISOString().slice(0, 10);
    const [, hidden] =
      new RegExp(`\\[opsbook: ([\\d,]+) lines \\([\\d,]+ bytes\\) left out here; full log collected on ${day}\\]`).exec(
        text,
      ) ?? [];
    assert.equal(Number(hidden?.replaceAll(",", "")) + text.split("\n").length - 2, 500_000);
    const next = new Spools(join(folder.stateDir, "spools"));
    assert.equal(next.find(id)?.collected, now);
    assert.equal(await savedText(id, next), text);
    // Nothing is left to cut.
    assert.deepEqual(await folder.collector(next, { notebookBytes: 1 }).run(now), { remove: [], cut: [] });
    next.remove(id);
    assert.equal(new Spools(join(folder.stateDir, "spools")).collectedAt(id), undefined);
  });

  test("collects nothing where it cannot be known what is in use", async () => {
    using folder = new Folder();
    const spools = new Spools(join(folder.stateDir, "spools"));
    const id = folder.spool(spools, "text");
    mkdirSync(join(folder.stateDir, "sessions"), { recursive: true });
    writeFileSync(join(folder.stateDir, "sessions/aaaa"), "a file where a folder should be");
    await assert.rejects(folder.collector(spools).run(LATER()));
    assert.ok(spools.find(id));
  });
});

test("ids are found wherever a text names them, also across the pieces it is read in", async () => {
  const id = randomUUID();
  assert.deepEqual(idsIn(`x${id}y`), new Set([id]));
  using folder = new Folder();
  writeFileSync(join(folder.root, "a.ipynb"), "{}");
  const padding = " ".repeat(MIB - 20);
  folder.session("aaaa", "a.ipynb", ["0", `${padding}${id}${padding}`]);
  utimesSync(folder.root, new Date(), new Date());
  assert.ok((await storedReferences(folder.stateDir, folder.root)).get("aaaa")?.has(id));
});
