import assert from "node:assert/strict";
import { test } from "node:test";
import { install } from "./globals.ts";
import type { Help } from "./help.ts";

const target: Record<string | symbol, unknown> = {};
install(target);
const help = target[Symbol.for("opsbook.help")] as (chain: string) => Help | null;

/** examples.test.ts runs each of these examples, or checks its types where it needs another machine. */
test("[part of 3.4-help] every preloaded global says what it is, with an example", () => {
  const without = Object.getOwnPropertyNames(target).filter((name) => {
    const found = help(name);
    return !found || found.signature === "" || found.doc === "" || found.example === "" || found.source === "";
  });
  assert.deepEqual(without, []);
});

test("[part of 3.4-help] members have their own", () => {
  const text = help("files.text");
  assert.match(text?.signature ?? "", /^text\(/);
  assert.match(text?.example ?? "", /files\.text\(/);
  assert.match(help("ssh.fingerprint")?.signature ?? "", /^function fingerprint\(key: /);
  assert.match(help("sh.pipe")?.doc ?? "", /at once/);
  assert.equal(help("files.nothing"), null);
  assert.equal(help("nobody"), null);
});
