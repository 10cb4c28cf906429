import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { install } from "./globals.ts";
import { sh } from "./sh/index.ts";

describe("globals", () => {
  test("are lazy, configurable and can be overwritten by a cell", () => {
    const target: Record<string, unknown> = {};
    install(target);
    const names = Object.getOwnPropertyNames(target);
    assert.ok(
      ["sh", "files", "http", "ssh", "local", "all", "Secret", "GuardError"].every((name) => names.includes(name)),
    );
    for (const name of names) {
      const descriptor = Object.getOwnPropertyDescriptor(target, name);
      assert.ok(descriptor?.get !== undefined && descriptor.set !== undefined && descriptor.configurable, name);
      assert.equal(descriptor.enumerable, false, name);
    }
    assert.equal(target.sh, sh);
    target.files = "mine";
    assert.equal(target.files, "mine");
    for (const name of names) assert.notEqual(target[name], undefined, name);
  });

  test("installing them loads no domain and no dependency", () => {
    const script = `
      const before = new Set(process.moduleLoadList);
      const { install } = await import(${JSON.stringify(new URL("./globals.ts", import.meta.url).href)});
      install(globalThis);
      const { createRequire } = await import("node:module");
      const cached = Object.keys(createRequire(import.meta.url).cache);
      const loaded = process.moduleLoadList.filter((name) => !before.has(name));
      console.log(JSON.stringify({ cached, network: loaded.filter((name) => /NativeModule (net|tls|http|child_process)$/.test(name)) }));
    `;
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    assert.deepEqual(JSON.parse(printed), { cached: [], network: [] });
  });
});
