import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AnsiText } from "./ansi.ts";

function read(...chunks: string[]): AnsiText {
  const text = new AnsiText();
  for (const chunk of chunks) text.write(chunk);
  return text;
}

const runs = (text: AnsiText) => text.lines.map((line) => line.runs.map((run) => [run.text, run.style]));

describe("AnsiText", () => {
  it("keeps lines, and does not count the one a final newline opens", () => {
    const text = read("one\ntwo\n");
    assert.equal(text.lineCount, 2);
    assert.equal(text.plainText(), "one\ntwo\n");
  });

  it("knows palette, 256 and true colours and attributes, and ends them", () => {
    const text = read("\x1b[1;31mred\x1b[0m \x1b[38;5;208mo\x1b[39m\x1b[48;2;1;2;3mb\x1b[m.");
    assert.deepEqual(runs(text), [
      [
        ["red", { className: "ansi-bold ansi-fg-1" }],
        [" ", null],
        ["o", { className: "", color: "rgb(255 135 0)" }],
        ["b", { className: "", background: "rgb(1 2 3)" }],
        [".", null],
      ],
    ]);
  });

  it("swaps the colours of inverse text", () => {
    assert.deepEqual(runs(read("\x1b[7;32mx")), [[["x", { className: "ansi-fg-default ansi-bg-2" }]]]);
  });

  it("lets a carriage return write over the line, as progress bars do", () => {
    assert.equal(read("10 %\r20 %\r100 %").plainText(), "100 %");
    assert.equal(read("downloading\rdone").plainText(), "doneloading");
    assert.equal(read("downloading\r\x1b[Kdone").plainText(), "done");
    assert.equal(read("abc\b\bX").plainText(), "aXc");
    assert.equal(read("a\r\nb").plainText(), "a\nb");
  });

  it("makes links of http addresses only", () => {
    const link = (address: string) => read(`\x1b]8;;${address}\x1b\\text\x1b]8;;\x1b\\`).lines[0]?.runs[0]?.style?.href;
    assert.equal(link("https://example.org/a"), "https://example.org/a");
    assert.equal(link("javascript:alert(1)"), undefined);
    assert.equal(link("file:///etc/passwd"), undefined);
  });

  it("drops every other sequence and control character", () => {
    assert.equal(
      read("a\x1b[2J\x1b[10;10H\x1b]0;title\x07b\x1bP1$r\x1b\\c\x00\x07d\x9be\x1b(Bf").plainText(),
      "abcdef",
    );
  });

  it("reads the same however its input is cut", () => {
    const whole =
      "plain \x1b[1;38;2;10;20;30mbold\x1b[0m\r\nbar 10%\rbar 99%\n\x1b]8;;https://e.org\x07link\x1b]8;;\x07\x1b]0;t\x1b\\end\b!";
    const expected = read(whole);
    for (let cut = 1; cut < whole.length; cut++) {
      const parts = read(whole.slice(0, cut), whole.slice(cut));
      assert.deepEqual(runs(parts), runs(expected), `cut at ${cut}`);
    }
    assert.deepEqual(runs(read(...whole)), runs(expected));
  });

  it("keeps head and tail beyond its cap and counts what is hidden", () => {
    const text = new AnsiText({ lines: 100, characters: 1_000_000, head: 10 });
    for (let line = 0; line < 1000; line++) text.write(`${line}\n`);
    assert.equal(text.lines.length, 100);
    assert.equal(text.lineCount + text.hiddenLines, 1000);
    assert.equal(text.gapAt, 10);
    assert.equal(text.lines[9]?.runs[0]?.text, "9");
    assert.equal(text.lines.at(-2)?.runs[0]?.text, "999");
  });

  it("keeps within its characters too, and breaks endless lines", () => {
    const text = new AnsiText({ lines: 10_000, characters: 100_000, head: 2 });
    for (let part = 0; part < 100; part++) text.write("x".repeat(10_000));
    const characters = text.lines.reduce((sum, line) => sum + line.length, 0);
    assert.ok(characters <= 100_000 + 32_768, `${characters}`);
    assert.ok(text.lines.every((line) => line.length <= 32_768));
  });

  it("does not wait for ever for the end of a sequence", () => {
    const text = read(`\x1b]0;${"x".repeat(5000)}`, "after");
    assert.match(text.plainText(), /after$/);
  });
});
