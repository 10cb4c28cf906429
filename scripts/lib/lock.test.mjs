import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { completeLock, missingEntries } from "./lock.mjs";
import { ROOT } from "./project.mjs";

test("the project's lock file names every optional package, so that npm ci takes it", () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const paths = missingEntries(packages).map(({ path }) => path);
  assert.deepEqual(paths, [], "run: node scripts/complete-lock.mjs");
});

test("missing platform packages get name, version and platform; present and nested ones stay", () => {
  const tool = {
    version: "2.0.0",
    dev: true,
    optionalDependencies: { "@x/t-linux-arm64-musl": "2.0.0", "@x/t-win32-ia32-msvc": "^2.0.0", "@x/t-here": "2.0.0" },
  };
  const lock = {
    packages: {
      "": {},
      "node_modules/a/node_modules/@x/t-here": { version: "2.0.0", optional: true },
      "node_modules/a/node_modules/t": tool,
    },
  };
  const { packages } = completeLock(lock);
  assert.deepEqual(packages["node_modules/@x/t-linux-arm64-musl"], {
    version: "2.0.0",
    cpu: ["arm64"],
    os: ["linux"],
    libc: ["musl"],
    optional: true,
    dev: true,
  });
  assert.deepEqual(packages["node_modules/@x/t-win32-ia32-msvc"], {
    version: "2.0.0",
    cpu: ["ia32"],
    os: ["win32"],
    optional: true,
    dev: true,
  });
  assert.equal(packages["node_modules/@x/t-here"], undefined);
  assert.deepEqual(missingEntries(packages), []);
});
