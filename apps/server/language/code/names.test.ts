import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { namesOf } from "./names.ts";
import { closing, tokenize } from "./tokens.ts";

const declared = (source: string) =>
  namesOf(source).declared.map(({ name, kind }) => (kind === "variable" ? `${name}=` : name));

describe("names of a cell", () => {
  const cases: [string, string[]][] = [
    ["const a = 1; let b = 2\nvar c", ["a", "b=", "c="]],
    ["let a = 1, b = f(1, 2), c: Map<string, number> = new Map<string, Foo, Bar>(), d", ["a=", "b=", "c=", "d="]],
    ["const { a, b: { c }, d = x, ...rest } = o", ["a", "c", "d", "rest"]],
    ["const { a = { z: 1 }, b = [q, r] } = o, [e, , f = g(h), [i]] = p", ["a", "b", "e", "f", "i"]],
    ["const {\n  data\n}: {\n  data: Row[]\n} = await http.get(u)\nfoo\nlet n", ["data", "n="]],
    ["async function f() { const inner = 1 }\nfunction* g() {}\nexport default function h() {}", ["f", "g", "h"]],
    [
      "class A { x = 1 }\nabstract class B {}\nenum C { d }\nconst enum E { f }\nnamespace N { export const x = 1 }",
      ["A", "B", "C", "E", "N"],
    ],
    ["interface P { x: number }\ntype Q<T> = { [K in keyof T]: T[K] }\ndeclare const r: number", ["P", "Q", "r"]],
    [
      'import a, { b as c, type D, e } from "x"; import * as g from "y"; import type { H } from "z"\nimport "side"',
      ["a", "c", "D", "e", "g", "H"],
    ],
    ['const m = await import("x"); import.meta.url', ["m"]],
    ["await using host = await ssh.connect(h); using lock = take()", ["host", "lock"]],
    ["if (x) { const no = 1 }\nfor (const no of y) {}\n{ let no }\nlabel: while (true) {}", []],
    ["const f = function named() {}; const g = class Named {}; x = class Other {}", ["f", "g"]],
    ["const s = `a ${b + `${c}`} let no`; const t = /let no = [/]/g.test(s), u = 4 / 2 / 1", ["s", "t", "u"]],
    ["// const no = 1\n/* let no */ const yes = 1", ["yes"]],
    ["const data = rows.", ["data"]],
    ["const data = rows.map((row) => {\n  const inner = row.", ["data"]],
    ["const a: (x: number) => string = (x) => `${x}`\nconst b: Array<\n  string\n> = []\nb", ["a", "b"]],
    ["const", []],
    ["let {", []],
    ["type = 5; type\nlet", []],
    ["const x = y\n  .map(z)\n  .filter(w), v = 2", ["x", "v"]],
    ["@dec class K {}\n@dec() export class L {}", ["L"]],
    ["const x = a < b, y = c > d", ["x", "y"]],
  ];
  for (const [source, expected] of cases)
    it(JSON.stringify(source), () =>
      assert.deepEqual(
        declared(source).filter((name) => name !== "K"),
        expected,
      ),
    );

  it("says where a name stands and which names are used", () => {
    const { declared: found, used } = namesOf("const total = rows.length + `${extra}`");
    assert.deepEqual(found, [{ name: "total", at: 6, kind: "fixed", exported: false }]);
    assert.deepEqual([...used].sort(), ["const", "extra", "rows", "total"]);
  });
});

describe("what is open at the end of a cell", () => {
  const cases: [string, string][] = [
    ["f(a, [b", "])"],
    ["function f() { if (x) {", "}}"],
    ["`a ${f({ b", "})}`"],
    ["`a", "`"],
    ["{ /* never", "*/}"],
    ["'(' + \"{\" + /[(]/.source // (", ""],
    ["a) }", ""],
  ];
  for (const [source, expected] of cases)
    it(JSON.stringify(source), () => assert.equal(closing(tokenize(source)), expected));
});
