import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileCells } from "./module.ts";

const compile = (sources: string[], complete: string[] = []) =>
  compileCells(
    sources.map((source, index) => ({ id: `c${index}`, source })),
    { complete: new Set(complete), before: new Map() },
  );
const tails = (sources: string[], complete: string[] = []) =>
  compile(sources, complete).map(({ text, tailAt }) => text.slice(tailAt));

describe("cells as modules", () => {
  it("keeps the text where it is and brings in what the cell uses", () => {
    const sources = ["const a = 1; let n = 0; interface P {}", "n = a", "f(() => {"];
    for (const [index, { text }] of compile(sources).entries()) assert.ok(text.startsWith(sources[index] as string));
    assert.deepEqual(tails(sources), [
      "\n\n;export { a, n, P };\n",
      '\n\n;export {  };\ndeclare let n: typeof import("./cell-c0").n;\nimport { a } from "./cell-c0";\n',
      "\n})\n;export {  };\n",
    ]);
  });

  it("brings in every name where a completion is wanted", () => {
    assert.match(tails(["const a = 1; const b = 2", ""], ["c1"])[1] ?? "", /import \{ a, b \} from/);
  });

  it("takes a name from where it was declared last, and from the cell itself before all others", () => {
    const [, , third, fourth] = tails(["const a = 1", "const a = 2", "a", "const a = 3; a"]);
    assert.match(third ?? "", /import \{ a \} from ".\/cell-c1"/);
    assert.doesNotMatch(fourth ?? "", /import/);
  });

  it("does not build again what did not change", () => {
    const first = compile(["const a = 1", "a", "1"]);
    const before = new Map(first.map((module) => [module.id, module]));
    const cells = ["let a = 1", "a", "1"].map((source, index) => ({ id: `c${index}`, source }));
    const again = compileCells(cells, { complete: new Set(), before });
    assert.deepEqual(
      again.map((module, index) => module === first[index]),
      [false, false, true],
    );
  });

  it("gives the old outputs a type and leaves shorthand out", () => {
    assert.match(tails(["_3 + 1"])[0] ?? "", /declare const _3: any/);
    assert.equal(compile(["const ls = 1", "const x = !ls"])[1]?.text.split("\n")[0], "const x = !ls");
    assert.equal(compile(["const x = !ls"])[0]?.text.split("\n")[0], "const x = _  ");
  });
});
