import assert from "node:assert/strict";
import { rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeCheckout, write } from "./testing.mjs";
import { sourcesHash, staleHash } from "./web.mjs";

test("the web app is stale when a source changed, came or went, not when a time or a test did", () => {
  const { root, remove } = makeCheckout({
    "apps/web/src/a.ts": "1",
    "packages/notebook/src/b.ts": "2",
    "vite.config.ts": "3",
  });
  try {
    const stale = (file, text) => {
      const before = staleHash(root);
      if (text === undefined) rmSync(join(root, file));
      else write(root, file, text);
      assert.equal(before, undefined, "fresh before");
      const after = staleHash(root);
      write(root, "apps/web/dist/.sources", sourcesHash(root));
      return after !== undefined;
    };
    write(root, "apps/web/dist/.sources", sourcesHash(root));
    assert.ok(stale("apps/web/src/a.ts", "changed"));
    assert.ok(stale("packages/notebook/src/b.ts", "changed"));
    assert.ok(stale("vite.config.ts", "changed"));
    assert.ok(stale("apps/web/src/new.css", ""));
    assert.ok(stale("apps/web/src/new.css"));
    assert.ok(!stale("apps/web/src/a.test.ts", "a test"));
    assert.ok(!stale("apps/web/dist/assets/x.js", "built"));
    utimesSync(join(root, "apps/web/src/a.ts"), 1, 1);
    assert.equal(staleHash(root), undefined);
    rmSync(join(root, "apps/web/dist/index.html"));
    assert.ok(staleHash(root));
  } finally {
    remove();
  }
});
