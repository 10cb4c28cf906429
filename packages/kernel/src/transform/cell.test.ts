import assert from "node:assert/strict";
import { test } from "node:test";
import { transformCell } from "./cell.ts";
import { completeness } from "./completeness.ts";
import { NameTable, plainName } from "./names.ts";
import { CellSyntaxError } from "./strip.ts";

const BUILTINS = new Set(["fetch", "process", "URL"]);
const STRICT = '"use strict";';

/** The script of the last of these cells, with names as people see them and runtime calls shortened. */
function script(...cells: string[]): string {
  const names = new NameTable();
  let code = "";
  for (const cell of cells) {
    const transformed = transformCell(cell, { names, builtins: BUILTINS });
    names.take(transformed.declared);
    code = transformed.code;
  }
  assert.ok(code.startsWith(STRICT));
  return code
    .slice(STRICT.length)
    .replaceAll("__opsbook_", "$")
    .replace(/, \d+\)\)/g, "))")
    .replace(/\s+/g, " ")
    .trim();
}

const CASES: [title: string, cells: string[], script: string][] = [
  ["const becomes let, which later cells may declare again", ["const a = 1"], "let a = 1;"],
  ["the first kind of storage is kept: var", ["var a = 1", "const a = 2"], "var a = 2;"],
  ["let without value over var resets it", ["var a", "let a"], "var a = undefined;"],
  ["the first kind of storage is kept: let", ["let a = 1", "var a = 2"], "(a = 2);"],
  ["var without value over let does nothing", ["let a = 1", "var a"], "(void 0);"],
  [
    "mixed kinds become declarations and assignments",
    ["let a; function f() {}", "const { a, f, n } = x"],
    "let a, n;({ a, f, n } = x);",
  ],
  [
    "a function over let is assigned at the top",
    ["let f", "g(); function f() { return 1 }"],
    "let f = function () { return 1; };g();",
  ],
  ["a function that comes first needs no move", ["let f", "function f() {}"], "let f = function () {};"],
  ["a class over a function", ["function C() {}", "class C {}"], "var C = class C {};"],
  [
    "var in a loop head over let",
    ["let i", "for (var i = 0, n = 3; i < n; i++);"],
    "var n;for ((i = 0, n = 3); i < n; i++);",
  ],
  [
    "names inside functions are left alone",
    ["let a", "function f() { var a = 1; for (const b of c) { let a } }"],
    "function f() { var a = 1; for (const b of c) { let a; } }",
  ],
  [
    "an enum forgets its members of an earlier run",
    ["enum E { A }", "enum E { B }"],
    'var E = /* @__PURE__ */ function(E) { E[E["B"] = 0] = "B"; return E; }({});',
  ],
  ["await can be interrupted at the top level", ["await a"], "$go(await $wait( a));"],
  ["await inside a function is checked when it returns", ["async () => await a"], "async () => $go(await a);"],
  ["for await at the top level", ["for await (const a of b) c"], "for await (const a of $each(b)) {$go();c;}"],
  ["import() and import.meta", ["import(import.meta.url)"], "$import($meta.url);"],
  [
    "imports are awaited in place, only used names are demanded",
    ['import d, { a as b, c } from "m"; b'],
    'let d, b, c;({"default": d, "a": b, "c": c} = $go(await $wait($module("m", ["a"], ["default","c"])))); b;',
  ],
  [
    "a namespace import with attributes",
    ['import * as n from "m" with { type: "json" }'],
    'let n;(n = $go(await $wait($module("m", [], [], {with: {"type": "json"}}))));',
  ],
  ["an import for its effects", ['import "m"'], '$go(await $wait($module("m", [], [])));'],
  [
    "export is only a word",
    ["export const a = 1; export { a as b }; export * from 'm'"],
    'let a = 1; ; $go(await $wait($module("m", [], [])));',
  ],
  ["using is registered", ["using a = b"], "let a = $use(b);"],
  ["await using is registered", ["await using a = b"], "let a = $go(await $use_async(b));"],
  ["an object alone", ["{ a: 1 }"], "({ a: 1 });"],
  ["a block alone", ["{ f() }"], "{ f(); }"],
];

for (const [title, cells, expected] of CASES) {
  test(`${title}`, () => assert.equal(script(...cells), expected));
}

test("a built-in's name is the cell's own from its declaration on, and only where it means it", () => {
  const names = new NameTable();
  const run = (cell: string): string => {
    const transformed = transformCell(cell, { names, builtins: BUILTINS });
    names.take(transformed.declared);
    return transformed.code.slice(STRICT.length).replace(/\s+/g, " ").replaceAll("\u200c", "'").trim();
  };
  assert.equal(run("fetch(1)"), "fetch(1);");
  assert.equal(run("const { fetch, a: URL = fetch } = lib"), "let { fetch: fetch', a: URL' = fetch' } = lib;");
  assert.equal(
    run("fetch(URL); x.fetch; ({ fetch, URL: 1 }); process.exit"),
    "fetch'(URL'); x.fetch; ({ fetch: fetch', URL: 1 }); process.exit;",
  );
  assert.equal(
    run("(fetch) => fetch; function g() { const URL = 1; return URL } try {} catch (fetch) { fetch }"),
    "(fetch) => fetch; function g() { const URL = 1; return URL; } try {} catch (fetch) { fetch; }",
  );
  assert.equal(
    run("class K { fetch() { return fetch } static { var URL = 2; URL } }"),
    "class K { fetch() { return fetch'; } static { var URL = 2; URL; } }",
  );
  assert.equal(
    run("fetch: for (const fetch of [fetch]) continue fetch"),
    "fetch: for (const fetch of [fetch']) continue fetch;".replace("[fetch']", "[fetch]"),
  );
  assert.equal(plainName("fetch\u200c is not a function"), "fetch is not a function");
});

test("it is pure: what it was given is as it was", () => {
  const names = new NameTable();
  transformCell("let a = 1; const fetch = 2", { names, builtins: BUILTINS });
  assert.equal(names.storage.size + names.shadowed.size, 0);
});

test("positions of the script lead back to the cell", () => {
  const source =
    'import { x } from "m";\ninterface Gone { a: 1 }\nfunction f(a: number) {\n  return a.b\n}\nawait f(1);';
  const { code, positions } = transformCell(source, { names: new NameTable(), builtins: BUILTINS });
  const at = (text: string) => {
    const before = code.slice(0, code.indexOf(text)).split("\n");
    return positions.toSource({ line: before.length, column: (before.at(-1) ?? "").length + 1 });
  };
  assert.deepEqual(at("a.b"), { line: 4, column: 10 });
  assert.deepEqual(at("f(1)"), { line: 6, column: 7 });
  assert.deepEqual(at("function f"), { line: 3, column: 1 });
});

test("syntax errors have the cell's line and column", () => {
  const failing = (source: string): CellSyntaxError => {
    try {
      transformCell(source, { names: new NameTable(), builtins: BUILTINS });
    } catch (error) {
      assert.ok(error instanceof CellSyntaxError);
      return error;
    }
    return assert.fail("it parsed");
  };
  assert.deepEqual(failing("let ok = 1;\nlet bad = ;").position, { line: 2, column: 11 });
  assert.deepEqual(failing('"😀é"; let = 1').position?.line, 1);
  assert.match(failing("const x = <div>hi</div>").message, /JSX/);
});

const COMPLETE = [
  "",
  "1",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a cell
  "const a = `${b}`",
  "// comment",
  "if (a) b",
  "type A = { b: 1 }",
  "a\n  .b()",
  "await x",
  "class A { #b = 1 }",
  "x = 1;",
  "import a from 'b'",
  "/* closed */",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a cell
  "`${`${1}`}`",
  "a => a",
  "@dec class A {}",
  "let a = <string>b",
  "{ a: 1 }",
  "for (;;) {}",
  "label: for (;;) break label",
  "a as const",
];
const INCOMPLETE = [
  "function f() {",
  "if (a) {",
  "foo(",
  "[1,",
  "`abc",
  "`${",
  "`${a",
  "class A {",
  "const a =",
  "x +",
  "a.",
  "() =>",
  "{ a: 1,",
  "/* open",
  "import {",
  "type A = {",
  "for (const a of",
  "switch (a) {\n  case 1:",
  "try {",
  "async () => {\n  await x",
];
const INVALID = [
  "let = ;",
  ")",
  "a b",
  "const 1 = 2",
  "foo)",
  "'open\nx",
  "let a; let a;",
  "return 5",
  "import a b",
  "1 = ;",
  "var 5",
  "}}",
  "class { } }",
  "for of",
  "a +* b",
  "if )",
  "a => )",
  "0b12",
  "let a: = 5\nb",
  "function (a) {}\n)",
];

for (const [status, sources] of [
  ["complete", COMPLETE],
  ["incomplete", INCOMPLETE],
  ["invalid", INVALID],
] as const) {
  test(`[part of 3.2-complete-check] 20 fragments that are ${status}`, () => {
    const other = sources.filter((source) => completeness(source).status !== status);
    assert.deepEqual(other, []);
  });
}

test("[part of 3.2-complete-check] the next line is indented below what opens", () => {
  assert.equal(completeness("if (a) {\n  foo(").indent, "    ");
  assert.equal(completeness("const a =").indent, "");
});

test("decorators: esbuild's names are the cell's own, TypeScript's experimental ones by a setting", () => {
  const context = { names: new NameTable(), builtins: BUILTINS };
  const cell = transformCell("class A { @deco m() { return A } }", context);
  assert.deepEqual([...cell.declared.storage], [["A", "lexical"]]);
  assert.match(cell.code, /let __opsbook_\d+_A = class A \{[\s\S]*return A;/);
  assert.doesNotMatch(cell.code, /(?<![\w$])_{1,2}(?:init|m_dec|decorateElement)\b/);
  const again = transformCell("class A { @deco m() { return A } }", context);
  assert.notEqual(again.code, cell.code);
  const old = transformCell("class A { @deco m() {} }", { ...context, experimentalDecorators: () => true });
  assert.match(old.code, /__opsbook_decorators\.decorate\(\[deco\], A\.prototype, "m"/);
});

test("only a cell with decorators asks which ones", () => {
  const never = (): boolean => assert.fail("asked");
  const context = { names: new NameTable(), builtins: BUILTINS, experimentalDecorators: never };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a cell
  transformCell("/** @param a me@host */ function f(a: string) { return `@${a}` }", context);
  transformCell("class A { accessor x = 1 }", context);
});
