// biome-ignore-all lint/suspicious/noTemplateCurlyInString: cells are full of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { completeness } from "../transform/completeness.ts";
import { parses, positionAt } from "../transform/strip.ts";
import { expandMagics, MAGIC, type MagicContext } from "./expand.ts";
import { shellScript } from "./shell-script.ts";

const context: MagicContext = {
  declared: (name) => ["done", "list"].includes(name),
  builtin: (name) => name in globalThis,
  magic: (name) => ["time", "timeit", "who", "run", "pwd", "bg"].includes(name),
  parses,
};
const expand = (source: string): string => expandMagics(source, context).code.replaceAll(MAGIC, "M");

test("[part of 3.4-magics] what TypeScript means stays as it is", () => {
  const cells = [
    "a\n% b",
    "a\n  %b\nlet b",
    "const t = `\n!ls\n%who\n${`\n%run`}\n`",
    "'\\\n!ls'",
    "foo(\n!x,\n!y)",
    "const list2 = [\n!a,\n]",
    "/* \n%run\n!ls\n*/ 1",
    "// %who\n1",
    "x &&\n!y",
    "const no = !done",
    "const is = !Number.isNaN(4)",
    "const f = (x: number) => !x\nconst g = !f",
    "function f(a: boolean) {\n  const b = !a\n  return b\n}",
    "class A {\n  ready = !started\n}\nlet started = true",
    "!done",
    "!!x",
    "!(a && b)",
    "!function () {}()",
    "!/a+/.test(s)",
    "cond ?\n a : b",
    "x ??\n y",
    "x?\n1:2",
    "obj?.a",
    "const a = b\n  ? c\n  : d",
    "const ok = false, no = !ok",
    "let z = !true",
    "a / b / c",
    "x = y = !z; let z, y, x",
  ];
  for (const cell of cells) assert.equal(expand(cell), cell, cell);
});

test("[part of 3.4-magics] lines and cells become calls, in their place", () => {
  const cells: Record<string, string> = {
    "!df -h": 'await M.shell(["df -h"]);',
    "  !df": '  await M.shell(["df"]);',
    "const x = 5\n!echo it's `x`\nx": 'const x = 5\nawait M.shell(["echo it\'s `x`"]);\nx',
    "!echo ${a} ${`}`}": 'await M.shell(["echo "," ",""], (a\n), (`}`\n));',
    "!echo \\${HOME}": 'await M.shell(["echo ${HOME}"]);',
    "!a \\\n  b": 'await M.shell(["a \\\\\\n  b"]);',
    "files = !ls -l": 'let files = await M.lines(["ls -l"]);',
    "const files: string[] = !ls": 'const files: string[] = await M.lines(["ls"]);',
    "list = !ls": 'list = await M.lines(["ls"]);',
    "const [first] = !ls": 'const [first] = await M.lines(["ls"]);',
    "files = !ls\nmore = !ls -l": 'let files = await M.lines(["ls"]);\nlet more = await M.lines(["ls -l"]);',
    "%run fix.ts ${a}": 'await M.line("run", ["fix.ts ",""], (a\n));',
    "const x = 5\n%who": 'const x = 5\nawait M.line("who", [""]);',
    "const x = 5\n%unknown": 'const x = 5\nawait M.line("unknown", [""]);',
    "const here = %pwd": 'const here = await M.line("pwd", [""]);',
    "%time 1 + 1": 'await M.time("", () => (1 + 1));',
    "%time await f();": 'await M.time("", async () => (await f()));',
    "%time const x = 1;": "M.begin();const x = 1;M.end();",
    "%timeit -n 10 -r 2 f()": 'await M.timeit("-n 10 -r 2", () => (f()));',
    "for (const h of hosts) {\n  !ping ${h}\n}": 'for (const h of hosts) {\n  await M.shell(["ping ",""], (h\n));\n}',
    "hosts.map(async (h) => {\n  !ping ${h}\n})": 'hosts.map(async (h) => {\n  await M.shell(["ping ",""], (h\n));\n})',
    "%%bash ${a}\n%who\n${b}": 'await M.cell("bash", "%who\\n${b}", ["",""], (a\n));',
    "\n%%html\n<b>": 'await M.cell("html", "<b>", [""]);',
    "%%time\nconst x = 1": 'M.around("time", [""]);\nconst x = 1',
    "%%capture out\n!ls": 'M.around("capture", ["out"]);\nawait M.shell(["ls"]);',
    "%%timeit -n 5\nf()": 'await M.timeit("-n 5", () => {\nf()\n});',
    "obj?": 'await M.help("obj", false);',
    "obj.a??": 'await M.help("obj.a", true);',
    "?obj": 'await M.help("obj", false);',
    "const obj = 1\nobj?": 'const obj = 1\nawait M.help("obj", false);',
    "%time?": 'await M.help("%time", false);',
  };
  for (const [cell, wanted] of Object.entries(cells)) {
    assert.equal(expand(cell), wanted, cell);
    assert.ok(parses(expand(cell)), cell);
  }
});

test("[part of 3.4-magics] a place in the expanded text is one of the cell's", () => {
  const source = "const x = 5\r\n!echo ${one} and ${two}\r\nfiles = !ls\nlate()";
  const { code, toSource } = expandMagics(source, context);
  for (const word of ["one", "two", "late", "files"]) {
    const at = toSource?.(positionAt(code, code.indexOf(word)));
    const text = source.replaceAll("\r\n", "\n");
    assert.deepEqual(at, positionAt(text, text.indexOf(word)), word);
  }
});

test("[part of 3.2-complete-check] magics are finished or not as their kind says", () => {
  const wanted: Record<string, string> = {
    "!ls": "complete",
    "!ls \\": "incomplete",
    "%time f()": "complete",
    "files = !ls": "complete",
    "%%bash": "incomplete",
    "%%bash\necho": "incomplete",
    "%%bash\necho\n\n": "complete",
    "%%time\nfor (;;) {": "incomplete",
    "%%time\nf()": "complete",
    "obj?": "complete",
    "for (const a of b) {\n  !ls ${a}": "incomplete",
  };
  for (const [source, status] of Object.entries(wanted)) assert.equal(completeness(source).status, status, source);
});

test("[part of 3.4-bang] a value is named as its place needs, and refused where a shell would read it", () => {
  const scripts: [string[], string][] = [
    [["ls ", ""], 'ls "${1}"'],
    [["ls a", "b"], 'ls a"${1}"b'],
    [['ls "a ', ' b"'], 'ls "a ${1} b"'],
    [["ls 'a ", " b'"], `ls 'a '"\${1}"' b'`],
    [['echo "$(ls ', ')"'], 'echo "$(ls "${1}")"'],
    [["echo \\' ", ""], 'echo \\\' "${1}"'],
    [["echo $(echo ')' ", ")"], "echo $(echo ')' \"${1}\")"],
  ];
  for (const [pieces, script] of scripts) assert.equal(shellScript(pieces, ["v"]).script, script);
  assert.deepEqual(shellScript(["ls ", " ", ""], [["a", "b"], 3]), {
    script: 'ls "${1}" "${2}" "${3}"',
    args: ["a", "b", "3"],
  });
  for (const pieces of [
    ["echo `ls ", "`"],
    ["echo $((1 + ", "))"],
    ["echo ${x:-", "}"],
  ]) {
    assert.throws(() => shellScript(pieces, ["v"]), TypeError);
  }
  for (const value of [undefined, null, {}, true, "a\0b", [["a"]]]) {
    assert.throws(() => shellScript(["ls ", ""], [value]), TypeError, String(value));
  }
  assert.throws(() => shellScript(['ls "', '"'], [["a", "b"]]), /outside of the quotes/);
});
