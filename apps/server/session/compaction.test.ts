import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { apply, type Entry, type SessionState } from "@opsbook/notebook/session";
import pino from "pino";
import { versionOf } from "../store/formats.ts";
import { SessionFolder } from "../store/session-folder.ts";
import { Persistence } from "./persistence.ts";

const ADA = { id: "ada", name: "Ada" };

/** A session that is nothing but its log. */
async function place(idleMs: number) {
  const path = mkdtempSync(join(tmpdir(), "opsbook-compaction-"));
  let state = {
    notebook: { metadata: {}, nbformat_minor: 5, bin: [], cells: [newCell("a")] },
    runtime: { kernelName: "typescript", displayName: "", language: "", kernelId: null, status: "none" },
    ...{ executions: [], prompts: [], clients: [] },
  } as SessionState;
  let seq = 0;
  const folder = new SessionFolder(path);
  const snapshot = () => ({
    ...{ version: versionOf("session"), path: "a.ipynb", seq, state, timeline: [] },
    ...{ clientSeqs: [], refusals: [], cursor: null },
  });
  const persistence = await Persistence.open(
    folder,
    {
      ...{ snapshot, idleMs, cursor: () => null, acknowledge: () => {}, onTrouble: () => {} },
      log: pino({ level: "silent" }),
    },
    { seq: 0, hash: "" },
  );
  const type = (text: string) => {
    const op = { type: "set-source" as const, cellId: "a", source: text };
    const entry: Entry = { seq: seq + 1, at: seq, by: ADA, op };
    const result = apply(state, op, { by: ADA, at: seq });
    assert.ok(result.ok);
    state = result.state;
    seq += 1;
    return persistence.store(JSON.stringify({ entry }), true);
  };
  const source = async () => {
    const recovered = await folder.recover();
    let at = recovered!.snapshot.state;
    for (const { op, by, at: when } of recovered!.entries) {
      const result = apply(at, op, { by, at: when });
      if (result.ok) at = result.state;
    }
    return { text: at.notebook.cells[0]?.source, replayed: recovered!.entries.length };
  };
  return { path, persistence, type, source, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const newCell = (id: string) => ({
  ...{ id, cell_type: "code", source: "", metadata: {}, outputs: [], execution_count: null, version: 0 },
});

describe("the log of a session", { timeout: 120_000 }, () => {
  test("[part of 3.5-snapshots] is compacted once nothing was written for a while, and not before it is worth it", async () => {
    using session = await place(1);
    await session.type("short");
    for (let wait = 0; wait < 50; wait += 1) await turn();
    assert.equal((await session.source()).replayed, 1);
    await Promise.all(Array.from({ length: 200 }, (_, i) => session.type(`${i} ${"x".repeat(500)}`)));
    const logs = () => readdirSync(session.path).filter((name) => name.startsWith("log-")).length;
    while ((await session.source()).replayed > 0 || logs() > 1) await turn();
    assert.match((await session.source()).text ?? "", /^199 x/);
    await session.persistence.close();
  });

  test("[part of 3.5-snapshots] never holds more than 4 MiB to replay, however long it goes on", async () => {
    using session = await place(3_600_000);
    let most = 0;
    for (let round = 0; round < 12; round += 1) {
      await Promise.all(Array.from({ length: 100 }, (_, i) => session.type(`${round} ${i} ${"x".repeat(10_000)}`)));
      const { text, replayed } = await session.source();
      assert.match(text ?? "", new RegExp(`^${round} 99 `));
      most = Math.max(most, replayed);
    }
    // 4 MiB are about 418 such lines; a compaction under way may have let one round more in.
    assert.ok(most <= 700, `${most} operations to replay`);
    await session.persistence.close();
    assert.equal((await session.source()).replayed, 0);
  });
});
