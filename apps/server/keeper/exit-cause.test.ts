import assert from "node:assert/strict";
import { test } from "node:test";
import { describeExit } from "./exit-cause.ts";
import { Tail } from "./tail.ts";

test("[P8] the cause of an end is told in words", () => {
  const cases: [Parameters<typeof describeExit>, RegExp][] = [
    [[{ code: null, signal: "SIGKILL", stderr: "" }, true], /for want of memory/],
    [[{ code: null, signal: "SIGKILL", stderr: "" }, false], /signal 9.*somebody/],
    [[{ code: null, signal: "SIGKILL", stderr: "" }, null], /signal 9.*somebody, or/],
    [[{ code: null, signal: "SIGABRT", stderr: "FATAL ERROR: JavaScript heap out of memory" }, false], /heap/],
    [[{ code: 134, signal: null, stderr: "" }, false], /aborted/],
    [[{ code: null, signal: "SIGSEGV", stderr: "" }, false], /crashed/],
    [[{ code: null, signal: "SIGTERM", stderr: "" }, false], /SIGTERM/],
    [[{ code: 3, signal: null, stderr: "" }, false], /exit code 3/],
    [[{ code: 0, signal: null, stderr: "" }, false], /by itself/],
  ];
  for (const [args, words] of cases) assert.match(describeExit(...args), words);
});

test("[P8] of what a process printed the last 100 lines are kept", () => {
  const tail = new Tail();
  for (let i = 0; i < 30_000; i++) tail.push(`line ${i}\n`);
  const lines = tail.toString().split("\n");
  assert.equal(lines.length, 101);
  assert.equal(lines[0], "line 29900");
  const long = new Tail();
  for (let i = 0; i < 100; i++) long.push("x".repeat(10_000));
  assert.ok(long.toString().length <= 64 * 1024);
});
