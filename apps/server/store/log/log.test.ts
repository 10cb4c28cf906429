import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Spools } from "../spools.ts";
import { AnsiStripper, stripAnsi, styleAtEnd } from "./ansi.ts";
import { LineIndex } from "./line-index.ts";
import { offsetOfLine, readLines } from "./read-lines.ts";
import { type LogQuery, type SearchHit, type SearchReport, searchLog } from "./search.ts";

function tempFile(text: string | Buffer): Disposable & { file: string; index: LineIndex } {
  const folder = mkdtempSync(join(tmpdir(), "opsbook-log-"));
  const file = join(folder, "log");
  writeFileSync(file, text);
  const index = new LineIndex();
  index.add(Buffer.from(text));
  return { file, index, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

const numbered = (count: number) => Array.from({ length: count }, (_, n) => `line ${n}\n`).join("");

describe("LineIndex", () => {
  test("finds every line and offset, however the text was cut into pieces", () => {
    const lines = Array.from({ length: 4000 }, (_, n) => "x".repeat((n * 7919) % (n % 500 === 0 ? 90_000 : 90)));
    const text = Buffer.from(`${lines.join("\n")}\nlast`);
    const starts = [0];
    for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) starts.push(at + 1);
    for (const size of [1000, 65_536, text.length]) {
      const index = new LineIndex();
      for (let at = 0; at < text.length; at += size) index.add(text.subarray(at, at + size));
      assert.deepEqual([index.bytes, index.lines], [text.length, 4001]);
      for (let line = 0; line < starts.length; line += 37) {
        const before = index.before(line);
        assert.equal(before.offset, starts[before.line]);
        assert.ok(before.line <= line && starts[line]! - before.offset < 65_536 + 90_000);
        const byOffset = index.beforeOffset(starts[line]! + 3);
        assert.ok(byOffset.offset <= starts[line]! + 3 && byOffset.offset === starts[byOffset.line]);
        const length = (starts[line + 1] ?? text.length) - starts[line]!;
        if (length >= 65_536) assert.equal(index.afterLong(line), starts[line + 1]);
      }
    }
  });

  test("counts a last line without an end, and no line after the last end", () => {
    const count = (...parts: string[]) => {
      const index = new LineIndex();
      for (const part of parts) index.add(Buffer.from(part));
      return index.lines;
    };
    assert.deepEqual(
      [count(), count(""), count("a"), count("a\n"), count("a\n", "b"), count("\n", "\n")],
      [0, 0, 1, 1, 2, 2],
    );
  });
});

describe("readLines", () => {
  test("gives any window of a long text", async () => {
    using log = tempFile(numbered(300_000));
    for (const from of [0, 1, 4095, 77_777, 299_990]) {
      const { lines } = await readLines(log.file, log.index, { from, count: 20 });
      const count = Math.min(20, 300_000 - from);
      assert.deepEqual(
        lines.map(({ text }) => text),
        Array.from({ length: count }, (_, n) => `line ${from + n}`),
      );
    }
    assert.deepEqual((await readLines(log.file, log.index, { from: 300_000, count: 5 })).lines, []);
  });

  test("a line of 20 MB is one line of the window, cut, and the next one follows", async () => {
    using log = tempFile(`before\n${"é".repeat(10_000_000)}\nafter\n\nlast`);
    const { lines } = await readLines(log.file, log.index, { from: 0, count: 10 });
    assert.deepEqual(
      lines.map(({ bytes, cut }) => [bytes, cut]),
      [
        [6, undefined],
        [20_000_000, true],
        [5, undefined],
        [0, undefined],
        [4, undefined],
      ],
    );
    assert.match(lines[1]!.text, /^é{8000,8192}$/);
    assert.equal(lines[2]!.text, "after");
    const later = await readLines(log.file, log.index, { from: 2, count: 1 });
    assert.equal(later.lines[0]!.text, "after");
    assert.equal(await offsetOfLine(log.file, log.index, 2), 7 + 20_000_001);
    assert.equal(await offsetOfLine(log.file, log.index, 99), log.index.bytes);
  });

  test("of a progress bar it shows what stood there last", async () => {
    const bar = Array.from({ length: 100_000 }, (_, n) => `\rcopied ${n}`).join("");
    using log = tempFile(`begin\n${bar}\nend\n${bar}`);
    const { lines } = await readLines(log.file, log.index, { from: 0, count: 10 });
    assert.deepEqual(
      lines.map(({ text }) => text),
      ["begin", "copied 99999", "end", "copied 99999"],
    );
  });

  test("tells the colours that are on where the window begins", async () => {
    using log = tempFile(`plain\n\x1b[1;31mred\nstill red\n\x1b[0mplain\n`);
    const style = async (from: number) => (await readLines(log.file, log.index, { from, count: 1 })).style;
    assert.deepEqual([await style(0), await style(2), await style(3)], ["", "\x1b[1;31m", "\x1b[1;31m"]);
    assert.equal(styleAtEnd("\x1b[1m\x1b[32ma\x1b[0;4mb\x1b[K"), "\x1b[0;4m");
    assert.equal(styleAtEnd("\x1b[31ma\x1b[m"), "");
  });

  test("lines without end come in bounded windows", async () => {
    using log = tempFile(`${"y".repeat(1_000_000)}\n`.repeat(300));
    const { lines } = await readLines(log.file, log.index, { from: 100, count: 2000 });
    assert.ok(lines.length > 20 && lines.length < 200);
  });
});

describe("escape sequences", () => {
  test("are stripped wherever the text is cut", () => {
    const text =
      "a\x1b[1;38;5;9mred\x1b[0m \x1b]8;;https://example.com\x1b\\link\x1b]8;;\x07 \x1b(Bend\x1bPq#0\x1b\\.\x1b[2K";
    assert.equal(stripAnsi(text), "ared link end.");
    for (let cut = 1; cut < text.length; cut++) {
      const stripper = new AnsiStripper();
      assert.equal(
        stripper.push(text.slice(0, cut)) + stripper.push(text.slice(cut)) + stripper.end(),
        "ared link end.",
      );
    }
  });

  test("what only looks like one is not held back for ever", () => {
    const stripper = new AnsiStripper();
    assert.equal(stripper.push("\x1b]8;;"), "");
    const text = "x".repeat(5000);
    assert.equal(stripper.push(text), `\x1b]8;;${text}`);
    assert.equal(stripper.push("y") + stripper.end(), "y");
  });
});

describe("searchLog", { timeout: 120_000 }, () => {
  const plain = { regex: false, matchCase: false };

  async function search(
    file: string,
    query: LogQuery,
    { bytes = 1e12, limit = 1000, signal = new AbortController().signal, stallMs = 60_000 } = {},
  ): Promise<{ hits: SearchHit[]; last: SearchReport | undefined }> {
    const hits: SearchHit[] = [];
    let last: SearchReport | undefined;
    const onReport = (report: SearchReport) => {
      hits.push(...report.hits);
      last = report;
    };
    await searchLog({ file, bytes, query, limit }, { signal, onReport, stallMs });
    return { hits, last };
  }

  test("finds text and expressions, with and without case, through colours", async () => {
    using log = tempFile("one\nTwo \x1b[31mtw\x1b[0mo\n(three)\nfour\r\n");
    const hits = async (text: string, more: Partial<LogQuery> = {}) =>
      (await search(log.file, { ...plain, text, ...more })).hits;
    assert.deepEqual(await hits("two"), [[1, 0, 3]]);
    assert.deepEqual(await hits("two", { matchCase: true }), [[1, 4, 3]]);
    assert.deepEqual(await hits("(three)"), [[2, 0, 7]]);
    assert.deepEqual(await hits("^o|r$", { regex: true }), [
      [0, 0, 1],
      [3, 3, 1],
    ]);
    await assert.rejects(hits("(", { regex: true }), { code: "bad-expression" });
  });

  test("counts every line that matches and lists the first", async () => {
    using log = tempFile(numbered(500_000));
    const { hits, last } = await search(log.file, { ...plain, text: "line" }, { limit: 10 });
    assert.equal(hits.length, 10);
    assert.deepEqual([last?.type, last?.matched, last?.lines, last?.bytes], ["end", 500_000, 500_000, log.index.bytes]);
    assert.deepEqual((await search(log.file, { ...plain, text: "line 377777" })).hits, [[377_777, 0, 11]]);
  });

  test("finds what lies deep in a line of 30 MB, once, and reads no further than told", async () => {
    const far = 25_000_000;
    using log = tempFile(`${"-".repeat(far)}needle${"-".repeat(5_000_000)}needle\nneedle\n`);
    assert.deepEqual((await search(log.file, { ...plain, text: "needle" })).hits, [
      [0, far, 6],
      [1, 0, 6],
    ]);
    assert.deepEqual((await search(log.file, { ...plain, text: "needle" }, { bytes: 1000 })).hits, []);
  });

  test("an expression that never ends is stopped, and says why", async () => {
    using log = tempFile(`${"a".repeat(60)}b\n`);
    const query = { text: "^(a+)+$", regex: true, matchCase: true };
    await assert.rejects(search(log.file, query, { stallMs: 500 }), { code: "too-slow" });
  });

  test("can be cancelled", async () => {
    using log = tempFile(`${"a".repeat(60)}b\n`);
    const abort = new AbortController();
    const running = search(log.file, { text: "^(a+)+$", regex: true, matchCase: true }, { signal: abort.signal });
    abort.abort(new Error("enough"));
    await assert.rejects(running, /enough/);
  });
});

describe("Spools", () => {
  test("index of a closed spool is read once more after it was removed; names that are no output's are not found", async () => {
    const folder = mkdtempSync(join(tmpdir(), "opsbook-spools-"));
    try {
      const spools = new Spools(folder);
      const id = randomUUID();
      spools.create(id).append(numbered(10));
      assert.equal((await spools.index(id)).lines, 10);
      assert.deepEqual(spools.find(id), { file: spools.file(id), bytes: 70, open: true });
      spools.close(id);
      assert.deepEqual(spools.find(id), { file: spools.file(id), bytes: 70, open: false });
      assert.equal((await new Spools(folder).index(id)).lines, 10);
      appendFileSync(join(folder, "note"), "x");
      for (const name of ["note", "../note", "", `${id}x`]) assert.equal(spools.find(name), undefined);
      spools.remove(id);
      assert.equal(spools.find(id), undefined);
      await assert.rejects(spools.index(id), { code: "ENOENT" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
