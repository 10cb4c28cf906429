import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parseNotebook } from "@opsbook/notebook";
import type { TestClient } from "../session/testing/client.ts";
import { type SessionServer, startSessions } from "../session/testing/server.ts";

const NOTEBOOK = "test.ipynb";

/** Ways in which other programs change `test.ipynb` so that its first cell says `after` instead of `before`. */
const WAYS: Record<string, (root: string) => void> = {
  "sed -i": (root) => run(root, "sed", "-i", "s/mark-before/mark-after/", NOTEBOOK),
  "a write in place that keeps size and times": (root) => {
    run(root, "cp", "-p", NOTEBOOK, "reference");
    writeFileSync(join(root, NOTEBOOK), changed(root));
    run(root, "touch", "-r", "reference", NOTEBOOK);
  },
  "cp -p over it": (root) => {
    writeFileSync(join(root, "other"), changed(root));
    run(root, "touch", "-r", NOTEBOOK, "other");
    run(root, "cp", "-p", "other", NOTEBOOK);
  },
  "mv over it": (root) => {
    writeFileSync(join(root, "other"), changed(root));
    run(root, "mv", "other", NOTEBOOK);
  },
  "git checkout": (root) => {
    const git = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];
    const mine = readFileSync(join(root, NOTEBOOK), "utf8");
    run(root, "git", "init", "-q");
    writeFileSync(join(root, NOTEBOOK), changed(root));
    run(root, "git", "add", NOTEBOOK);
    run(root, "git", ...git, "commit", "-qm", "theirs");
    writeFileSync(join(root, NOTEBOOK), mine);
    run(root, "git", "checkout", "-q", "--", NOTEBOOK);
  },
};

function run(root: string, program: string, ...args: string[]): void {
  execFileSync(program, args, { cwd: root, stdio: "ignore" });
}

const changed = (root: string) => readFileSync(join(root, NOTEBOOK), "utf8").replace("mark-before", "mark-after-");

/** A session of a notebook with one saved cell. */
async function opened(server: SessionServer): Promise<TestClient> {
  const client = await server.connect();
  const source = "mark-before";
  const cell = { cellId: "marked", cellType: "markdown" as const, source, metadata: {}, after: null, index: 0 };
  await client.submit({ type: "insert-cell", ...cell });
  await (await server.open()).save();
  return client;
}

const sourceOf = (client: TestClient) => client.cells.find(({ id }) => id === "marked")?.source ?? "";

/** All notebooks in the folder, by text. */
function textsIn(root: string): string[] {
  return readdirSync(root)
    .filter((name) => name.endsWith(".ipynb"))
    .map((name) => readFileSync(join(root, name), "utf8"));
}

describe("a notebook changed by another program", { timeout: 240_000 }, () => {
  for (const [name, change] of Object.entries(WAYS)) {
    test(`[P4] ${name}: seen while clean, both versions kept while dirty`, async () => {
      await using server = await startSessions();
      const client = await opened(server);
      change(server.root);
      await client.until(() => sourceOf(client).startsWith("mark-after"));
      client.close();

      await using second = await startSessions();
      const dirty = await opened(second);
      await dirty.submit({ type: "set-source", cellId: "marked", source: "mine, not saved yet" });
      change(second.root);
      await dirty.until(() => dirty.frames.some((frame) => frame.type === "save" && frame.save.message !== undefined));
      const session = await second.open();
      await session.save().catch(() => {});
      const kept = [...textsIn(second.root), await session.notebookText()].join("\n");
      assert.match(kept, /mark-after/, "theirs is kept");
      assert.match(kept, /mine, not saved yet/, "ours is kept");
      dirty.close();
    });
  }

  test("[P4] the file deleted: told, kept in the session, and written again", async () => {
    await using server = await startSessions();
    const client = await opened(server);
    rmSync(join(server.root, NOTEBOOK));
    const told = () =>
      client.frames.some((frame) => frame.type === "save" && /deleted|moved/.test(frame.save.message ?? ""));
    await client.until(told);
    assert.equal(sourceOf(client), "mark-before");
    await client.submit({ type: "set-source", cellId: "marked", source: "goes on" });
    await (await server.open()).save();
    assert.match(readFileSync(join(server.root, NOTEBOOK), "utf8"), /goes on/);
    client.close();
  });

  test("[P4] the file replaced by one that is no notebook: both kept, and the file is whole again", async () => {
    await using server = await startSessions();
    const client = await opened(server);
    writeFileSync(join(server.root, NOTEBOOK), "no notebook at all");
    await client.until(() => client.frames.some((frame) => frame.type === "save" && frame.save.message !== undefined));
    await (await server.open()).save();
    const parsed = parseNotebook(readFileSync(join(server.root, NOTEBOOK), "utf8"));
    assert.ok(parsed.ok);
    assert.ok(textsIn(server.root).includes("no notebook at all"));
    assert.equal(sourceOf(client), "mark-before");
    client.close();
  });
});
