import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Cell, type Notebook, parseNotebook, serializeNotebook } from "@opsbook/notebook";
import type { SessionServer } from "./testing/server.ts";
import { startSessions } from "./testing/server.ts";

const ADA = { id: "ada", name: "Ada" };

function read(server: SessionServer): Notebook {
  const parsed = parseNotebook(readFileSync(join(server.root, "test.ipynb"), "utf8"));
  assert.ok(parsed.ok);
  return parsed.notebook;
}

function write(server: SessionServer, cells: (before: Cell[]) => Cell[]): void {
  const notebook = read(server);
  writeFileSync(join(server.root, "test.ipynb"), serializeNotebook({ ...notebook, cells: cells(notebook.cells) }));
}

const withText = (cell: Cell, source: string): Cell => ({ ...cell, source });

describe("a file changed outside", { timeout: 120_000 }, () => {
  test("[part of P4] while clean: it comes as one operation; open texts, outputs and ids stay", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const first = await client.run("console.log('kept')");
    const second = await client.run("2");
    const third = await client.run("3");
    const session = await server.open();
    await session.save();
    const kept = client.cells[0]?.outputs;
    client.sendFrame({ type: "open-text", cellId: second.cellId, request: 1 });
    await client.until(() => client.frames.some(({ type }) => type === "text-state"));
    const before = client.entries.length;
    // An editor that knows no ids writes others; texts tell which cell is which.
    write(server, ([a, b, c]) => [
      { ...a!, id: "other-id" },
      { ...a!, id: "brand-new", source: "new" },
      withText(c!, "33"),
      withText(b!, "2 + 2"),
    ]);
    await client.until(() => client.cells.length === 4);
    assert.deepEqual(
      client.entries.slice(before).map(({ op }) => op.type),
      ["notebook-replaced"],
    );
    assert.deepEqual(
      client.cells.map(({ id, source }) => [id, source]),
      [
        [first.cellId, "console.log('kept')"],
        ["brand-new", "new"],
        [third.cellId, "33"],
        [second.cellId, "2 + 2"],
      ],
    );
    assert.deepEqual(client.cells[0]?.outputs, kept);
    // The open document took the change up, so that whoever types there goes on typing.
    const replaced = client.entries.at(-1)?.op;
    const edited =
      replaced?.type === "notebook-replaced" && replaced.cells.find(({ cellId }) => cellId === second.cellId);
    assert.notEqual(edited && edited.edit?.update, "");
    assert.equal(await client.text(first.cellId), "kept\n");
    client.close();
  });

  test("[part of P4] while a cell runs: the run goes on in its cell, the rest follows the file", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const note = await client.run("1");
    const running = await client.start("await new Promise((r) => setTimeout(r, 1e9))");
    await client.until(() => client.state?.executions.some(({ status }) => status === "running") === true);
    await (await server.open()).save();
    write(server, ([a]) => [withText(a!, "changed")]);
    await client.until(() => client.cells[0]?.source === "changed");
    assert.deepEqual(
      client.cells.map(({ id }) => id),
      [note.cellId, running.cellId],
    );
    assert.equal(client.state?.executions.find(({ id }) => id === running.executionId)?.status, "running");
    await client.submit({ type: "interrupt-kernel" });
    await client.ended(running.executionId);
    client.close();
  });

  test("[P4] while dirty: both versions stay, and somebody chooses cell by cell; what was here is a checkpoint", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const first = await client.run("1");
    const second = await client.run("2");
    const session = await server.open();
    await session.save();
    write(server, ([a, b]) => [
      withText(a!, "theirs 1"),
      withText(b!, "theirs 2"),
      { ...a!, id: "their-cell", source: "3" },
    ]);
    await client.submit({ type: "set-source", cellId: first.cellId, source: "ours 1" });
    await client.submit({ type: "set-source", cellId: second.cellId, source: "ours 2" });
    await client.until(() => client.state?.conflict !== undefined);
    const view = await session.outside.show();
    assert.deepEqual(
      view?.cells.map((change) => [change.before?.cell.source, change.after?.cell.source]),
      [
        ["ours 1", "theirs 1"],
        ["ours 2", "theirs 2"],
        [undefined, "3"],
      ],
    );
    const conflictId = view?.conflict.id ?? "";
    const sides = { [first.cellId]: "theirs", [second.cellId]: "both", "their-cell": "theirs" } as const;
    await session.outside.decide({ conflictId, cells: new Map(Object.entries(sides)), metadata: "mine" }, ADA);
    await client.until(() => client.state?.conflict === undefined);
    const sources = ["theirs 1", "ours 2", "theirs 2", "3"];
    assert.deepEqual(
      client.cells.map(({ source }) => source),
      sources,
    );
    await session.save();
    assert.deepEqual(
      read(server).cells.map(({ source }) => source),
      sources,
    );
    const copy = readdirSync(server.root).find((name) => name.includes(".outside-")) ?? "";
    assert.match(readFileSync(join(server.root, copy), "utf8"), /theirs 2/);
    const replaced = client.entries.map(({ op }) => op).find((op) => op.type === "notebook-replaced");
    const before = replaced?.type === "notebook-replaced" ? (replaced.before ?? "") : "";
    assert.match(await session.versions.text(before), /ours 1/);
    // Whoever decides later is told, and changes nothing.
    await assert.rejects(session.outside.decide({ conflictId, cells: new Map(), metadata: "mine" }, ADA), /decided/);
    client.close();
  });

  test("[part of P4] unsaved edits of before a crash are offered beside the file that was changed meanwhile", async () => {
    const first = await startSessions();
    const client = await first.connect();
    const { cellId } = await client.run("1");
    await (await first.open()).save();
    await client.submit({ type: "set-source", cellId, source: "not in the file" });
    const folder = join(first.root, ".opsbook", "sessions");
    const files = readdirSync(folder).flatMap((id) =>
      readdirSync(join(folder, id)).map((name) => join(folder, id, name)),
    );
    const asTheyAre = files.map((file) => [file, readFileSync(file)] as const);
    client.close();
    await first.stop({ keepKernels: false });
    // As a crash leaves it: the log knows of the edit, the file is somebody else's.
    for (const [file, data] of asTheyAre) writeFileSync(file, data);
    write(first, ([a]) => [withText(a!, "by somebody else")]);
    await using second = await startSessions(first.root);
    const again = await second.connect();
    assert.equal(again.cells[0]?.source, "by somebody else");
    const session = await second.open();
    const view = await session.outside.show();
    assert.equal(view?.cells[0]?.after?.cell.source, "not in the file");
    const decision = { conflictId: view?.conflict.id ?? "", cells: new Map([[cellId, "theirs" as const]]) };
    await session.outside.decide({ ...decision, metadata: "mine" }, ADA);
    await again.until(() => again.cells[0]?.source === "not in the file");
    again.close();
  });
});
