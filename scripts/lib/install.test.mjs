import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { explainNpm, reasonToInstall } from "./install.mjs";
import { checkNode, Stop } from "./project.mjs";
import { makeCheckout, write } from "./testing.mjs";

const lock = (packages) => JSON.stringify({ packages });

test("an install is needed exactly when the installed packages are not those of the lock file", () => {
  const { root, remove } = makeCheckout();
  const state = (wanted, installed) => {
    write(root, "package-lock.json", lock(wanted));
    write(root, "node_modules/.package-lock.json", lock(installed));
    return reasonToInstall(root);
  };
  const a = { "node_modules/a": { version: "1.0.0", integrity: "x" } };
  try {
    assert.equal(reasonToInstall(root), undefined);
    assert.equal(
      state(a, { ...a, "node_modules/extra": { version: "1.0.0" } }),
      undefined,
      "what else is there does no harm",
    );
    assert.equal(
      state({ ...a, "node_modules/mac": { version: "1.0.0", optional: true } }, a),
      undefined,
      "another platform's package",
    );
    assert.equal(state({ ...a, "packages/x": { version: "0.1.0" } }, a), undefined, "a workspace");
    assert.match(state({ ...a, "node_modules/b": { version: "2.0.0" } }, a), /^b is not installed/);
    assert.match(
      state({ "node_modules/a": { version: "1.1.0", integrity: "y" } }, a),
      /^a is 1\.0\.0, the lock file wants 1\.1\.0/,
    );
    assert.match(state({ "node_modules/a": { version: "1.0.0", integrity: "other" } }, a), /^a is/);
    assert.equal(state(a, a), undefined);
    rmSync(join(root, "node_modules/.bin/node"));
    assert.match(reasonToInstall(root), /own Node/);
    rmSync(join(root, "node_modules"), { recursive: true });
    assert.equal(reasonToInstall(root), "nothing is installed yet");
    write(root, "package-lock.json", "{ damaged");
    assert.throws(() => reasonToInstall(root), /package-lock\.json is missing or damaged/);
  } finally {
    remove();
  }
});

test("what npm says becomes one sentence with what to do", () => {
  for (const [code, output, expected] of [
    [127, "spawn npm ENOENT", /npm was not found: install it/],
    [1, "npm error code ENOTFOUND\nnpm error network request failed", /check the network/],
    [1, "npm error code ETIMEDOUT", /check the network/],
    [243, "npm error code EACCES\nnpm error syscall mkdir", /writable for this user/],
    [1, "npm error code ENOSPC", /disk is full/],
    [1, "npm error code UNABLE_TO_VERIFY_LEAF_SIGNATURE", /certificate is not trusted/],
    [1, "npm error code E401", /npm login/],
    [1, "npm error code EUSAGE\n`npm ci` can only install when in sync", /npm install --ignore-scripts/],
    [7, "something\nelse", /exit 7\): something else/],
  ]) {
    const stop = explainNpm(code, output);
    assert.ok(stop instanceof Stop);
    assert.match(stop.message, expected);
    assert.ok(!stop.message.includes("\n"));
  }
});

test("Node older than 20 is refused with what to do", () => {
  assert.throws(() => checkNode("18.20.4"), /needs Node 20 or newer.*this is Node 18\.20\.4: install a newer one/);
  checkNode("20.0.0");
  checkNode("24.1.0");
});
