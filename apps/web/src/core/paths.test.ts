import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { displayName, movedPath, nameProblem } from "./paths.ts";
import { parseRoute, routeOf, type TabRef } from "./workspace.ts";

describe("names", () => {
  it("hostile names are shown without what turns or breaks the line", () => {
    assert.equal(displayName("evil\u202etxt.exe"), "evil\ufffdtxt.exe");
    assert.equal(displayName("two\nlines\u001b[31m"), "two\ufffdlines\ufffd[31m");
    assert.equal(displayName("übersicht – 日本語 👩‍🔧.md"), "übersicht – 日本語 👩‍🔧.md");
  });

  it("that cannot be given are explained", () => {
    for (const bad of ["", "  ", "a/b", ".", "..", ".hidden", "a\nb", "x".repeat(256)])
      assert.ok(nameProblem(bad), bad);
    for (const good of ["a", "a b.ipynb", "..a".slice(2), "日本"]) assert.equal(nameProblem(good), null);
  });

  it("follow a renamed folder, not its neighbour of a like name", () => {
    assert.equal(movedPath("a/b.ipynb", "a", "c"), "c/b.ipynb");
    assert.equal(movedPath("a", "a", "c"), "c");
    assert.equal(movedPath("ab/b.ipynb", "a", "c"), null);
  });
});

describe("addresses of tabs", () => {
  const tabs: readonly TabRef[] = [
    { kind: "notebook", path: "runbooks/a b/50% #1.ipynb" },
    { kind: "file", path: "日本/x?y&z.txt" },
  ];
  for (const tab of tabs) {
    it(`there and back: ${JSON.stringify(tab)}`, () => assert.deepEqual(parseRoute(routeOf(tab)), tab));
  }

  it("a terminal has none", () => assert.equal(parseRoute(routeOf({ kind: "terminal", name: "1" })), null));
  it("a broken one is none", () => assert.equal(parseRoute("#/notebooks/%E0%A4%A"), null));
});
