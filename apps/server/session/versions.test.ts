import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { parseNotebook } from "@opsbook/notebook";
import type { Author } from "@opsbook/notebook/session";
import type { TestClient } from "./testing/client.ts";
import { startSessions } from "./testing/server.ts";

const ADA: Author = { id: "ada", name: "Ada" };
const BOB: Author = { id: "bob", name: "Bob" };

const insert = (client: TestClient, cellId: string, source: string) =>
  client.submit({
    type: "insert-cell",
    ...{ cellId, cellType: "code", source, metadata: {} },
    ...{ after: client.cells.at(-1)?.id ?? null, index: client.cells.length },
  });
const shown = ({ cells }: TestClient) => cells.map(({ id, source, outputs }) => [id, source, outputs.length]);
const replaced = (client: TestClient) => client.entries.filter(({ op }) => op.type === "notebook-replaced").length;
const actions = (timeline: readonly { kind: string }[]) =>
  timeline.map((event) => ("what" in event ? event.what : "cause" in event ? event.cause : event.kind));

describe("versions of a notebook", { timeout: 120_000 }, () => {
  test("[part of 3.5-snapshots] a checkpoint comes back for everybody with its outputs, and what was there stays one", async () => {
    await using server = await startSessions();
    const ada = await server.connect();
    const bob = await server.connect("test.ipynb", { name: "Bob" });
    const { cellId } = await ada.run("console.log('as it was'); 6 * 7");
    const { versions } = await server.open();
    const kept = await versions.checkpoint({ reason: "named", by: ADA, name: "good", message: "before the change" });
    await ada.submit({ type: "set-source", cellId, source: "'broken'" });
    await ada.submit({ type: "clear-outputs", cellIds: null });
    await insert(ada, "extra-1", "'new'");
    const changed = shown(ada);

    const { before } = await versions.restore(kept.id, BOB);
    await ada.until(() => replaced(ada) === 1);
    await bob.until(() => replaced(bob) === 1);
    assert.deepEqual(shown(ada), [[cellId, "console.log('as it was'); 6 * 7", 2]]);
    assert.deepEqual(ada.state, bob.state);
    assert.equal(await ada.text(cellId), "as it was\n");
    assert.equal(await bob.text(cellId), "as it was\n");
    assert.deepEqual(ada.gaps, []);
    assert.equal(before.reason, "restore");

    // Taking it back is one more of the same.
    await versions.restore(before.id, ADA);
    await ada.until(() => replaced(ada) === 2);
    assert.deepEqual(shown(ada), changed);
    await (await server.open()).save();
    const file = parseNotebook(readFileSync(join(server.root, "test.ipynb"), "utf8"));
    assert.ok(file.ok);
    assert.deepEqual(
      file.notebook.cells.map(({ source }) => source),
      changed.map(([, source]) => source),
    );
    ada.close();
    bob.close();
  });

  test("[part of 3.5-snapshots] restoring what is there already changes no cell, and keeps the whole of a long output", async () => {
    await using server = await startSessions();
    const ada = await server.connect();
    const { cellId } = await ada.run("for (let i = 0; i < 200_000; i++) console.log('line ' + i); 1");
    const session = await server.open();
    const stream = () => session.state.notebook.cells[0]?.outputs[0];
    const { id, bytes } = stream() as { id: string; bytes: number };
    assert.ok(bytes > 1_500_000);
    const kept = await session.versions.checkpoint({ reason: "named", by: ADA, name: "long" });
    const cell = session.state.notebook.cells[0];
    await session.versions.restore(kept.id, ADA);
    assert.equal(session.state.notebook.cells[0], cell);
    await ada.submit({ type: "set-source", cellId, source: "2" });
    await session.versions.restore(kept.id, ADA);
    assert.equal((stream() as { id: string }).id, id);
    assert.equal((stream() as { bytes: number }).bytes, bytes);
    ada.close();
  });

  test("[part of 3.5-snapshots] a running cell goes on through a restore, and its end is told", async () => {
    await using server = await startSessions();
    const ada = await server.connect();
    await insert(ada, "kept-cell", "'kept'");
    const { versions } = await server.open();
    const empty = await versions.checkpoint({ reason: "named", by: ADA, name: "before the run" });
    const { cellId, executionId } = await ada.start(
      "for (let i = 0; i < 40; i++) { console.log('tick', i); await new Promise((go) => setTimeout(go, 25)); } 'over'",
    );
    await ada.until(() => ada.cells.some(({ outputs }) => outputs.length > 0));
    await versions.restore(empty.id, ADA);
    await ada.until(() => replaced(ada) === 1);
    assert.deepEqual(
      ada.cells.map(({ id }) => id),
      ["kept-cell", cellId],
    );
    await ada.ended(executionId);
    const expected = Array.from({ length: 40 }, (_, i) => `tick ${i}\n`).join("");
    assert.equal(await ada.text(cellId), expected);
    assert.equal(ada.state?.executions.find(({ id }) => id === executionId)?.status, "ok");
    ada.close();
  });

  test("one cell of a checkpoint comes back alone; a cell it lacks is refused", async () => {
    await using server = await startSessions();
    const ada = await server.connect();
    await insert(ada, "cell-a", "1");
    await insert(ada, "cell-b", "2");
    const { versions } = await server.open();
    const { id } = await versions.checkpoint({ reason: "named", by: ADA, name: "both" });
    await ada.submit({ type: "set-source", cellId: "cell-a", source: "changed" });
    await ada.submit({ type: "delete-cell", cellId: "cell-b" });
    await versions.restore(id, ADA, "cell-b");
    await ada.until(() => replaced(ada) === 1);
    assert.deepEqual(shown(ada), [
      ["cell-a", "changed", 0],
      ["cell-b", "2", 0],
    ]);
    await assert.rejects(versions.restore(id, ADA, "cell-c"), { code: "no-such-cell" });
    ada.close();
  });

  test("[part of 3.5-snapshots] who did what outlives a restart, a compaction and a rename; so do checkpoints", async () => {
    const first = await startSessions();
    const ada = await first.connect();
    await ada.run("1 + 1");
    const session = await first.open();
    await session.versions.checkpoint({ reason: "named", by: ADA, name: "good" });
    ada.close();
    const told = [...session.timeline.events];
    assert.deepEqual(actions(told), ["edit", "run", "created"]);
    assert.equal(told[1]?.by?.name, "Ada");
    await first.stop({ keepKernels: false });
    const second = await startSessions(first.root);
    const again = await second.open();
    assert.deepEqual(again.timeline.events.slice(0, 3), told);
    renameSync(join(first.root, "test.ipynb"), join(first.root, "moved.ipynb"));
    await second.registry.renamed("test.ipynb", "moved.ipynb");
    const moved = await second.open("moved.ipynb");
    assert.deepEqual(moved.timeline.events.slice(0, 3), told);
    assert.deepEqual(
      (await second.registry.checkpoints.list("moved.ipynb")).map(({ name, message, by }) => [name, message, by?.name]),
      [["good", "", "Ada"]],
    );
    assert.deepEqual(await second.registry.checkpoints.list("test.ipynb"), []);
    await second[Symbol.asyncDispose]();
  });

  test("[part of 3.5-snapshots] a checkpoint is made by itself when the notebook has changed for a while", async () => {
    await using server = await startSessions(undefined, { everyMinutes: 0.001, hourlyDays: 2, dailyDays: 30 });
    const ada = await server.connect();
    await insert(ada, "cell-a", "1");
    const made = () => ada.entries.flatMap(({ op, by }) => (op.type === "checkpoint-created" ? [{ ...op, by }] : []));
    await ada.until(() => made().length > 0);
    assert.deepEqual([made()[0]?.reason, made()[0]?.name, made()[0]?.by], ["interval", null, null]);
    const { versions, path } = await server.open();
    const [kept] = await server.registry.checkpoints.list(path);
    assert.match(await versions.text(kept!.id), /"cell-a"/);
    ada.close();
  });

  test("checkpoints nobody named are not made twice of the same, and any can be renamed and deleted", async () => {
    await using server = await startSessions();
    const ada = await server.connect();
    await insert(ada, "cell-a", "1");
    const { versions, path } = await server.open();
    const one = await versions.checkpoint({ reason: "api", by: ADA });
    assert.equal((await versions.checkpoint({ reason: "restart", by: ADA })).id, one.id);
    const renamed = await versions.rename(one.id, { name: "kept after all" }, ADA);
    assert.equal(renamed.name, "kept after all");
    await insert(ada, "cell-b", "2");
    assert.notEqual((await versions.checkpoint({ reason: "api", by: ADA })).id, one.id);
    await versions.remove(one.id, ADA);
    assert.equal((await server.registry.checkpoints.list(path)).length, 1);
    await assert.rejects(versions.restore(one.id, ADA), { code: "not-found" });
    await ada.until(() => ada.entries.some(({ op }) => op.type === "checkpoint-deleted"));
    ada.close();
  });
});

const FIXTURES = join(import.meta.dirname, "../store/testing");

describe("formats", { timeout: 120_000 }, () => {
  /** A served folder as an earlier server left it. */
  async function place(fixture: string) {
    const probe = await startSessions();
    const { id } = await probe.open();
    await probe.stop({ keepKernels: false });
    const folder = join(FIXTURES, fixture);
    const sessions = join(probe.root, ".opsbook/sessions", id);
    const copy = (from: string, to: string) => {
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, readFileSync(from));
    };
    for (const name of readdirSync(sessions)) rmSync(join(sessions, name));
    for (const name of readdirSync(folder))
      if (name === "test.ipynb") copy(join(folder, name), join(probe.root, name));
      else if (name !== "spools") copy(join(folder, name), join(sessions, name));
    for (const name of readdirSync(join(folder, "spools")))
      copy(join(folder, "spools", name), join(probe.root, ".opsbook/spools", name));
    return { root: probe.root, sessions };
  }

  for (const fixture of ["format-1/crashed", "format-1/closed"]) {
    test(`a session stored as ${fixture} opens with everything in it`, async () => {
      const { root, sessions } = await place(fixture);
      await using server = await startSessions(root);
      const { state } = await server.open();
      assert.deepEqual(
        state.notebook.cells.map(({ source, outputs, metadata }) => [source, outputs.length, metadata.tags ?? null]),
        [
          ["# Disk is full\n\nWhat we know so far.", 0, ["keep"]],
          ["6 * 7 // edited since it ran", 2, null],
        ],
      );
      assert.equal(state.notebook.bin[0]?.cell.source, "'a deleted cell'");
      const client = await server.connect();
      assert.equal(await client.text(state.notebook.cells[1]!.id), "three lines\nof a log\nkept whole\n");
      client.close();
      await server.stop({ keepKernels: false });
      assert.equal(JSON.parse(readFileSync(join(sessions, "snapshot.json"), "utf8")).version, 2);
    });
  }

  test("[part of 3.5-snapshots] what a newer server wrote is refused with a clear word and left untouched", async () => {
    const { root, sessions } = await place("format-1/closed");
    const snapshot = join(sessions, "snapshot.json");
    const newer = JSON.stringify({ ...JSON.parse(readFileSync(snapshot, "utf8")), version: 3, wonder: true });
    const refused = { code: "newer-format", message: /newer Opsbook \(session format 3; this one reads up to 2\)/ };
    {
      writeFileSync(snapshot, newer);
      await using server = await startSessions(root);
      await assert.rejects(server.open(), refused);
      assert.equal(readFileSync(snapshot, "utf8"), newer);
      await server.stop({ keepKernels: false });
    }
    const log = join(sessions, "log-17.jsonl");
    {
      writeFileSync(snapshot, readFileSync(join(FIXTURES, "format-1/closed/snapshot.json")));
      writeFileSync(log, '{"log":{"version":3}}\n{"wonder":true}\n');
      await using server = await startSessions(root);
      await assert.rejects(server.open(), { code: "newer-format", message: /session log format 3/ });
      assert.ok(existsSync(log));
      await server.stop({ keepKernels: false });
    }
  });
});
