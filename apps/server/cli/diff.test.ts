import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { NotebookDiff } from "@opsbook/notebook/diff";
import { main } from "./main.ts";

const OPSBOOK = join(import.meta.dirname, "../opsbook.mjs");

const notebook = (cells: [id: string, source: string, printed?: string][]) =>
  JSON.stringify({
    cells: cells.map(([id, source, printed]) => ({
      ...{ cell_type: "code", id, source, metadata: {}, execution_count: printed === undefined ? null : 1 },
      outputs: printed === undefined ? [] : [{ output_type: "stream", name: "stdout", text: printed }],
    })),
    ...{ metadata: {}, nbformat: 4, nbformat_minor: 5 },
  });

function files(contents: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), "opsbook-diff-"));
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(folder, name), text);
  return {
    folder,
    at: (name: string) => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

async function run(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, { out: (text) => out.push(text), err: (text) => err.push(text) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

const BEFORE = notebook([
  ["a", "const x = 1;\nx + 1"],
  ["b", "'gone'"],
  ["c", "'moved'"],
  ["d", "print()", "one\ntwo\n"],
]);
const AFTER = notebook([
  ["c", "'moved'"],
  ["a", "const x = 2;\nx + 1"],
  ["d", "print()", "one\nthree\n"],
  ["e", "'new'"],
]);

describe("opsbook diff", { timeout: 60_000 }, () => {
  test("tells what became of each cell, and by its exit code whether anything did", async () => {
    using place = files({ "a.ipynb": BEFORE, "b.ipynb": AFTER });
    const { code, out } = await run("diff", place.at("a.ipynb"), place.at("b.ipynb"));
    assert.equal(code, 1);
    for (const line of ["- const x = 1;", "+ const x = 2;", "  x + 1", "- 'gone'", "+ 'new'", "- > two", "+ > three"])
      assert.ok(out.split("\n").includes(line), `${line} in\n${out}`);
    assert.match(out, /@@ code cell \d \([ac]\) moved from \d/);
    const same = await run("diff", place.at("a.ipynb"), place.at("a.ipynb"));
    assert.deepEqual([same.code, same.out], [0, ""]);
    const json = await run("diff", "--json", place.at("a.ipynb"), place.at("b.ipynb"));
    assert.equal(json.code, 1);
    const diff = JSON.parse(json.out) as NotebookDiff;
    assert.equal(diff.cells.filter(({ kind }) => kind === "added").length, 1);
  });

  test("says what is wrong with what it cannot read, and ends with 2", async () => {
    using place = files({ "a.ipynb": BEFORE, "broken.ipynb": "{\n  oops" });
    const broken = await run("diff", place.at("a.ipynb"), place.at("broken.ipynb"));
    assert.equal(broken.code, 2);
    assert.match(broken.err, /broken\.ipynb is no notebook: line 2/);
    const missing = await run("diff", place.at("a.ipynb"), place.at("none.ipynb"));
    assert.deepEqual([missing.code, /there is no such file/.test(missing.err)], [2, true]);
    assert.equal((await run("diff", place.at("a.ipynb"))).code, 2);
  });

  test("git shows a notebook's changes through it, as difftool and as textconv", () => {
    using place = files({ "n.ipynb": BEFORE });
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
        cwd: place.folder,
        encoding: "utf8",
        env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
      });
    git("init", "-q");
    git("add", "n.ipynb");
    git("commit", "-qm", "one");
    writeFileSync(place.at("n.ipynb"), AFTER);
    const shown = git("difftool", "--no-prompt", "--extcmd", `${process.execPath} ${OPSBOOK} diff`, "n.ipynb");
    assert.match(shown, /^\+ const x = 2;$/m);
    writeFileSync(place.at(".gitattributes"), "*.ipynb diff=opsbook\n");
    git("config", "diff.opsbook.textconv", `${process.execPath} ${OPSBOOK} diff --textconv`);
    assert.match(git("diff", "n.ipynb"), /^\+> three$/m);
  });
});
