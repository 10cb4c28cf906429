import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LiveKernel } from "./testing/live-kernel.ts";

/*
 * What a person expects of a notebook, over the wire. A case is a list of cells; after `=>` stands the JSON of the
 * value the last cell must show, after `!` a pattern of the error it must end with, `-` means that it shows nothing.
 */

let kernel: LiveKernel;

before(async () => {
  kernel = await LiveKernel.start({
    files: {
      "lib.ts": "export const answer: number = 42; export default (x: number) => x * 2; export let count = 0;",
      "data.json": '{"a": [1, 2]}',
      "typed.ts": "export interface Shape { a: number } export const shape: Shape = { a: 1 };",
      "common.cjs": "module.exports = { one: 1, two: 2 };",
    },
  });
});
after(() => kernel[Symbol.asyncDispose]());

type Expected = { value: string } | { error: RegExp } | "quiet";

function suite(id: string, cases: Record<string, [string[], Expected]>): void {
  for (const [title, [cells, expected]] of Object.entries(cases)) {
    test(`[${id}] ${title}`, async () => {
      const prepared = cells.slice(0, -1);
      for (const cell of prepared) await kernel.run(cell);
      const run = await kernel.run(cells.at(-1) ?? "");
      const failure = run.reply.status === "ok" ? null : `${run.reply.ename}: ${run.reply.evalue}`;
      if (expected === "quiet") {
        assert.equal(failure, null);
        assert.equal(run.result, null);
      } else if ("error" in expected) {
        assert.match(failure ?? `no error: ${JSON.stringify(run.result)}`, expected.error);
      } else {
        assert.equal(failure, null);
        assert.equal(run.result?.["text/plain"], expected.value);
      }
    });
  }
}

const shows = (value: string): Expected => ({ value });
const fails = (error: RegExp): Expected => ({ error });

suite("3.1-eval", {
  "an expression shows its value": [["5.99 * (1 + 9.25/100)"], shows("6.544075")],
  "a declaration shows nothing": [["const quiet: number = 5"], "quiet"],
  "undefined shows nothing": [["undefined"], "quiet"],
  "null is shown": [["null"], shows("null")],
  "only the last statement's value is shown": [["1; 2; 3"], shows("3")],
  "a loop as last statement shows nothing": [["for (let i = 0; i < 3; i++) i"], "quiet"],
  "an if as last statement shows nothing": [["if (true) 5"], "quiet"],
  "an object literal alone is an object": [["{ a1: 1 }.a1"], fails(/SyntaxError/)],
  "a block alone is a block": [["{ let inBlock = 1; inBlock }"], "quiet"],
  "an assignment shows what was assigned": [["let asg; asg = 7"], shows("7")],
  "top-level await": [["await Promise.resolve(8)"], shows("8")],
  "await inside an expression": [["(await Promise.resolve(2)) + (await 3)"], shows("5")],
  "for await": [
    ["const got: number[] = []; for await (const x of [Promise.resolve(1), 2]) got.push(x); got.join()"],
    shows("'1,2'"),
  ],
  "a promise is not awaited by itself": [["Promise.resolve(1) instanceof Promise"], shows("true")],
  "types vanish": [
    ["interface P { a: string } type Q = P | null; const p9 = { a: 'x' } satisfies P as Q; p9!.a"],
    shows("'x'"),
  ],
  "a cell of types alone shows nothing": [["interface Only { a: string }"], "quiet"],
  "generics, optional chaining, nullish": [
    ["function idt<T>(x: T) { return x } idt<number | null>(null)?.toFixed() ?? 'none'"],
    shows("'none'"),
  ],
  "enums, also re-run with other members": [
    ["enum Level { Low, High }", "enum Level { Mid = 'm' }", "JSON.stringify(Level)"],
    shows(`'{"Mid":"m"}'`),
  ],
  "const enums": [["const enum Dir { Up = 3 } Dir.Up"], shows("3")],
  namespaces: [["namespace Geo { export const pi = 3 } Geo.pi"], shows("3")],
  "namespaces go on over cells": [
    ["namespace Go1 { export const a = 1 }", "namespace Go1 { export const b = 2 }", "Go1.a + Go1.b"],
    shows("3"),
  ],
  "a namespace over a value is a new one": [
    ["let Go2 = 5", "namespace Go2 { export const b = 2 }", "Go2.b"],
    shows("2"),
  ],
  "a namespace adds to a class, a function and an enum of earlier cells": [
    [
      "class Go3 { own = 1 } function Go4() { return 2 } enum Go5 { A = 3 }",
      "namespace Go3 { export const x = 4 } namespace Go4 { export const x = 5 } namespace Go5 { export const x = 6 }",
      "[new Go3().own, Go4(), Go5.A, Go3.x, Go4.x, Go5.x].join()",
    ],
    shows("'1,2,3,4,5,6'"),
  ],
  "what a namespace exports and changes": [
    [
      "namespace Go6 { export let n = 1, m: number; export var o: () => void; let p = 5; export function step() { n++; m = p; return { n, m } } }",
      "Go6.step(); Go6.n += 10; JSON.stringify([Go6.step(), Go6.n, Go6.m])",
    ],
    shows(`'[{"n":13,"m":5},13,5]'`),
  ],
  "namespaces in namespaces": [
    ["namespace Go7.In { export let x = 1; export namespace Deep { export const y = x } }", "Go7.In.x + Go7.In.Deep.y"],
    shows("2"),
  ],
  "import =": [["import path7 = require('node:path')", "path7.sep"], shows("'/'")],
  "ambient declarations say nothing": [
    ["declare const ghost: number; declare global { interface Window { a: 1 } } declare module 'm' {}", "typeof ghost"],
    shows("'undefined'"),
  ],
  "parameter properties and private fields": [
    ["class Pt { #y = 2; constructor(public x: number) {} sum() { return this.x + this.#y } } new Pt(3).sum()"],
    shows("5"),
  ],
  "abstract classes and overloads": [
    [
      "abstract class Ab { abstract f(): number } class Co extends Ab { f() { return 1 } } function ov(a: string): string; function ov(a: any) { return a } ov(String(new Co().f()))",
    ],
    shows("'1'"),
  ],
  "accessor fields": [
    [
      "class Acc { accessor x = 1; static accessor y = 2; accessor #z = 3; z() { return this.#z++ + this.#z } }",
      "const acc1 = new Acc(); acc1.x = 5; [acc1.x, Acc.y, acc1.z(), 'x' in Acc.prototype].join()",
    ],
    shows("'5,2,7,true'"),
  ],
  generators: [["function* gen() { yield 1; yield 2 } [...gen()].join()"], shows("'1,2'")],
  labels: [["let hits = 0; outer: for (;;) { for (;;) { hits++; break outer } } hits"], shows("1")],
  "tagged templates and regular expressions": [
    ["String.raw`a\\n` + /x(?<n>\\d)/.exec('x7')!.groups!.n"],
    shows("'a\\\\n7'"),
  ],
  "symbols, bigints, special numbers": [
    ["[typeof Symbol('s'), 2n ** 64n, -0, NaN].map(String).join()"],
    shows("'symbol,18446744073709551616,0,NaN'"),
  ],
  "a bigint": [["2n ** 70n"], shows("1180591620717411303424n")],
  "minus zero": [["-0"], shows("-0")],
  NaN: [["0 / 0"], shows("NaN")],
  "strict mode: an undeclared name is not made up": [
    ["undeclaredName = 1"],
    fails(/ReferenceError: undeclaredName is not defined/),
  ],
  "this at the top level": [["this === globalThis"], shows("true")],
  "comments alone": [["// nothing\n/* here */"], "quiet"],
  "an empty cell": [[""], "quiet"],
  "a directive is no value": [['"use strict"; let dir = 1'], "quiet"],
  "a string alone is a value": [['"text"'], shows("'text'")],
  "a syntax error says where": [["let a =\n  * 2"], fails(/SyntaxError/)],
  "JSX is told apart": [["<div>hello</div>"], fails(/JSX/)],
  "return outside a function": [["return 5"], fails(/SyntaxError.*return/)],
  "using is disposed when the cell ends": [
    [
      "const log5: string[] = []; { }",
      "using u5 = { [Symbol.dispose]() { log5.push('gone') } }; log5.push('in')",
      "log5.join()",
    ],
    shows("'in,gone'"),
  ],
  "await using is disposed in reverse": [
    [
      "const log6: string[] = []; const make = (n: string) => ({ async [Symbol.asyncDispose]() { log6.push(n) } })",
      "await using r1 = make('a'); await using r2 = make('b')",
      "log6.join()",
    ],
    shows("'b,a'"),
  ],
  "using without a dispose method": [["using bad = {} as any"], fails(/TypeError.*dispose/)],
});

suite("3.1-state", {
  "a name lives on": [["let n1 = 1", "n1 + 1"], shows("2")],
  "let over let": [["let n2 = 1", "let n2 = 'b'", "n2"], shows("'b'")],
  "const over const": [["const n3 = 1", "const n3 = 2", "n3"], shows("2")],
  "let over const": [["const n4 = 1", "let n4 = 2", "n4"], shows("2")],
  "const over let": [["let n5 = 1", "const n5 = 2", "n5"], shows("2")],
  "var over let": [["let n6 = 1", "var n6 = 2", "n6"], shows("2")],
  "let over var": [["var n7 = 1", "let n7 = 2", "n7"], shows("2")],
  "let without a value over var is undefined": [["var n8 = 1", "let n8", "n8 === undefined"], shows("true")],
  "var without a value over let keeps it": [["let n9 = 1", "var n9", "n9"], shows("1")],
  "function over let": [["let n10 = 1", "function n10() { return 2 }", "n10()"], shows("2")],
  "function over let is there before its line": [
    ["let n11 = 1", "const early = n11(); function n11() { return 3 }", "early"],
    shows("3"),
  ],
  "let over function": [["function n12() {}", "let n12 = 4", "n12"], shows("4")],
  "class over class": [["class N13 { a = 1 }", "class N13 { a = 2 }", "new N13().a"], shows("2")],
  "class over function": [["function N14() {}", "class N14 { a = 3 }", "new N14().a"], shows("3")],
  "function over class": [["class N15 {}", "function N15() { return 5 }", "N15()"], shows("5")],
  "let over class": [["class N16 {}", "let N16 = 6", "N16"], shows("6")],
  "async and generator functions over let": [
    [
      "let n17 = 0, n18 = 0",
      "async function n17() { return 1 } function* n18() { yield 2 }",
      "(await n17()) + [...n18()][0]!",
    ],
    shows("3"),
  ],
  "destructuring over mixed kinds": [
    ["let n19 = 0; function n20() {}", "const { n19, n20, n21 } = { n19: 1, n20: 2, n21: 3 }", "n19 + n20 + n21"],
    shows("6"),
  ],
  "array destructuring with defaults and rest": [
    ["var n22 = 0", "const [n22, n23 = 5, ...n24] = [1, undefined, 7, 8]", "[n22, n23, n24.length].join()"],
    shows("'1,5,2'"),
  ],
  "several declarators of mixed kinds": [["function n25() {}", "let n25 = 1, n26 = n25 + 1", "n25 + n26"], shows("3")],
  "var in a loop over let": [["let n27 = 9", "for (var n27 = 0; n27 < 3; n27++) {}", "n27"], shows("3")],
  "var in a for-of over let": [["let n28 = 9", "for (var n28 of [1, 2]) {}", "n28"], shows("2")],
  "var in a nested block lives on": [["if (true) { var n29 = 5 }", "n29"], shows("5")],
  "var pattern in a block over let": [
    ["let n30 = 0", "{ var { n30, n31 } = { n30: 1, n31: 2 } }", "n30 + n31"],
    shows("3"),
  ],
  "closures follow a redeclared name": [
    ["let n32 = 1; const read32 = () => n32", "let n32 = 2", "read32()"],
    shows("2"),
  ],
  "optimised closures follow too": [
    [
      "const n33 = 1; function hot33() { let s = 0; for (let i = 0; i < 1e5; i++) s += n33; return s } hot33(); hot33(); hot33()",
      "const n33 = 2",
      "hot33()",
    ],
    shows("200000"),
  ],
  "a function calls the latest version of another": [
    ["function h34() { return 1 } function c34() { return h34() }", "function h34() { return 2 }", "c34()"],
    shows("2"),
  ],
  "a failed cell leaves earlier names": [["let n35 = 1", "n35 = 2; throw new Error('x')", "n35"], shows("2")],
  "a failed declaration can be made again": [["const n36 = (() => { throw 1 })()", "const n36 = 5", "n36"], shows("5")],
  "a failed declaration can be made again as a function": [
    ["const n37 = (() => { throw 1 })()", "function n37() { return 6 }", "n37()"],
    shows("6"),
  ],
  "a cell that does not parse declares nothing": [["let n38 = 1", "let n38 = ;", "n38"], shows("1")],
  "twice in one cell is an error": [["let n39 = 1; let n39 = 2"], fails(/SyntaxError.*n39/)],
  "a const of an earlier cell cannot be assigned": [
    ["const n40 = 1", "n40 = 2 as any"],
    fails(/TypeError: n40 is a constant.*Declare it again/),
  ],
  "a const is as it was after a refused assignment": [["const n46 = 1", "n46++", "n46"], shows("1")],
  "a const of the same cell cannot be assigned": [["const n47 = 1; n47 += 1"], fails(/TypeError: n47 is a constant/)],
  "a const in a pattern, and in a loop head": [
    [
      "const n48 = [1]; let n49",
      "const e48: string[] = []; for (const f of [() => { [n49, n48] = [5, 6] }, () => { ({ n48 } = { n48: 1 }) }, () => { for (n48 of [2]); }]) try { f() } catch (e) { e48.push(e.name) }",
      "[n49, n48, ...e48].join()",
    ],
    shows("'5,1,TypeError,TypeError,TypeError'"),
  ],
  "a const that is not reached by a conditional assignment": [
    ["const n50 = 1, n51 = 0", "n50 ||= 5; n51 &&= 5; n50 ??= 6; n51 || n50"],
    shows("1"),
  ],
  "a const that is": [["const n52 = 0", "n52 ||= 5"], fails(/TypeError: n52 is a constant/)],
  "a local name and a property of a const's name can be": [
    ["const n53 = 1", "const o53 = { n53: 1 }; o53.n53 = 4; (() => { let n53 = 2; n53 = o53.n53; return n53 })()"],
    shows("4"),
  ],
  "a function that failed to assign a const may when the name is a variable": [
    ["const n54 = 1", "function set54() { n54 = 2 as any }", "let n54 = 3; set54(); n54"],
    shows("2"),
  ],
  "a const is declared again and stays one": [["const n55 = 1", "const n55 = 2", "n55 = 3"], fails(/constant/)],
  "an import cannot be assigned": [['import { sep as n56 } from "node:path"', "n56 = 1 as any"], fails(/constant/)],
  "export is taken for the declaration": [
    ["export const n41 = 1; export function n42() { return 2 }", "n41 + n42()"],
    shows("3"),
  ],
  "export default shows its value": [["export default 5"], shows("5")],
  "identity of objects": [["const o43 = {}; const keep43 = [o43]", "keep43[0] === o43"], shows("true")],
  "temporal dead zone inside a cell": [["early44; let early44 = 1"], fails(/ReferenceError/)],
  "functions are hoisted inside a cell": [
    ["const v45 = later45(); function later45() { return 7 }", "v45"],
    shows("7"),
  ],
});

suite("3.1-imports", {
  "named import of a built-in": [['import { join } from "node:path"; join("a", "b")'], shows("'a/b'")],
  "an import only a later cell uses": [['import { basename } from "node:path"', 'basename("/x/y")'], shows("'y'")],
  "default, renamed and namespace imports": [
    [
      'import os, { EOL as newline } from "node:os"; import * as path from "node:path"',
      "typeof os.cpus + newline.length + path.sep",
    ],
    shows("'function1/'"),
  ],
  "import over a const": [["const sep = 1", 'import { sep } from "node:path"', "sep"], shows("'/'")],
  "import over a function": [
    ["function dirname() {}", 'import { dirname } from "node:path"', 'dirname("/a/b")'],
    shows("'/a'"),
  ],
  "a relative TypeScript file": [['import twice, { answer } from "./lib.ts"; twice(answer)'], shows("84")],
  "import type, and a type among values": [
    ['import type { Shape } from "./typed.ts"; import { type Shape as S, shape } from "./typed.ts"; (shape as S).a'],
    shows("1"),
  ],
  "a type imported without saying so": [
    ['import { Shape, shape } from "./typed.ts"; const s46: Shape = shape; s46.a'],
    shows("1"),
  ],
  "a type imported without saying so, beside a property of its name": [
    ['import { Shape, shape } from "./typed.ts"; const s48: Shape = shape; ({ Shape: s48.a }).Shape'],
    shows("1"),
  ],
  JSON: [['import data from "./data.json" with { type: "json" }; data.a.length'], shows("2")],
  CommonJS: [['import common, { two } from "./common.cjs"; common.one + two'], shows("3")],
  "a package of the notebook's folder or above": [
    ['await import("node:url").then((m) => typeof m.fileURLToPath)'],
    shows("'function'"),
  ],
  "import()": [['(await import("./lib.ts")).answer'], shows("42")],
  "import() inside a function": [
    ["async function load47(f: string) { return (await import(f)).answer } await load47('./lib.ts')"],
    shows("42"),
  ],
  "import.meta": [["import.meta.dirname === process.cwd() && import.meta.url.startsWith('file:')"], shows("true")],
  require: [["require('node:path').sep + require('./common.cjs').two"], shows("'/2'")],
  "a missing name is an error": [['import { nope } from "./lib.ts"; nope'], fails(/SyntaxError.*lib\.ts.*nope/)],
  "a missing module is an error": [['import "./absent.ts"'], fails(/ERR_MODULE_NOT_FOUND|Cannot find module/)],
});

suite("3.1-underscore", {
  "_ is the last value": [["41", "_ + 1"], shows("42")],
  "__ and ___ are those before": [["1", "2", "3", "[_, __, ___].join()"], shows("'3,2,1'")],
  "quiet statements, undefined and errors leave _ alone": [
    ["99", "let q50 = 1", "undefined", "throw 1", "_"],
    shows("99"),
  ],
  "_ can be taken for something else": [["const _ = 'mine'", "5", "_"], shows("'mine'")],
});

test("[part of 3.1-state] a name that was closed with its cell says so when it is used", async () => {
  await kernel.run("using closed1 = { [Symbol.dispose]() {} }; closed1");
  assert.match((await kernel.run("closed1")).stderr, /closed1 was declared by `using`.*Declare it by const/);
  assert.equal((await kernel.run("const closed1 = 1; closed1")).stderr, "");
  assert.equal((await kernel.run("closed1")).stderr, "");
});

test("[part of 3.1-underscore] In and Out go by the number people see", async () => {
  const run = await kernel.run("21 * 2");
  const n = run.reply.status === "ok" ? run.reply.execution_count : null;
  assert.equal((await kernel.run(`In[${n}]`)).result?.["text/plain"], "'21 * 2'");
  assert.equal((await kernel.run(`[Out[${n}], _${n}].join()`)).result?.["text/plain"], "'42,42'");
});

test("a built-in name in a cell warns and leaves libraries theirs", async () => {
  const first = await kernel.run("const fetch = async () => 'mine'; const process = { mine: true }; const URL = 5");
  assert.match(first.stderr, /fetch/);
  assert.match(first.stderr, /process/);
  assert.equal((await kernel.run("await fetch() + process.mine + URL")).result?.["text/plain"], "'minetrue5'");
  const kept = await kernel.run(
    "typeof globalThis.fetch('data:,x').then + typeof globalThis.process.pid + typeof globalThis.URL",
  );
  assert.equal(kept.result?.["text/plain"], "'functionnumberfunction'");
  assert.equal((await kernel.run("(() => { const fetch = 1; return { fetch } })().fetch")).result?.["text/plain"], "1");
  assert.equal((await kernel.run("JSON.stringify({ URL })")).result?.["text/plain"], `'{"URL":5}'`);
  const library = await kernel.run('import { pathToFileURL } from "node:url"; String(pathToFileURL("/a"))');
  assert.equal(library.result?.["text/plain"], "'file:///a'");
  assert.equal(
    (await kernel.run("var Buffer = 1; function Event() { return 2 } Buffer + Event()")).result?.["text/plain"],
    "3",
  );
  assert.equal((await kernel.run("typeof globalThis.Buffer.from")).result?.["text/plain"], "'function'");
});
