import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Entry } from "../../core/server.ts";
import { type Folder, visibleRows } from "./tree-store.ts";

const entry = (path: string, type: Entry["type"] = "file"): Entry => ({
  name: path.slice(path.lastIndexOf("/") + 1),
  path,
  type,
  writable: true,
});
const loaded = (...entries: Entry[]): Folder => ({ state: "loaded", entries });

describe("visibleRows", () => {
  const folders = new Map<string, Folder>([
    ["", loaded(entry("a", "directory"), entry("z.txt"))],
    ["a", loaded(entry("a/b", "directory"), entry("a/c.ipynb", "notebook"))],
    ["a/b", loaded(entry("a/b/deep.txt"))],
  ]);

  it("shows what stands open, with level and position", () => {
    const rows = visibleRows({ folders, expanded: new Set(["a"]) });
    assert.deepEqual(
      rows.map(({ entry: { path }, level, position, siblings }) => [path, level, position, siblings]),
      [
        ["a", 1, 1, 2],
        ["a/b", 2, 1, 2],
        ["a/c.ipynb", 2, 2, 2],
        ["z.txt", 1, 2, 2],
      ],
    );
  });

  it("keeps a folder open inside a closed one out of sight", () => {
    assert.deepEqual(
      visibleRows({ folders, expanded: new Set(["a/b"]) }).map((row) => row.entry.path),
      ["a", "z.txt"],
    );
  });

  it("has no rows below a folder that is still read", () => {
    const reading = new Map(folders).set("a", { state: "loading", entries: [] } satisfies Folder);
    const rows = visibleRows({ folders: reading, expanded: new Set(["a"]) });
    assert.deepEqual(
      rows.map((row) => [row.entry.path, row.folder?.state]),
      [
        ["a", "loading"],
        ["z.txt", undefined],
      ],
    );
  });
});
