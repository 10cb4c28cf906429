import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { JsonObject } from "@opsbook/jupyter";
import { LiveKernel } from "./testing/live-kernel.ts";

let kernel: LiveKernel;
before(async () => {
  kernel = await LiveKernel.start();
});
after(() => kernel[Symbol.asyncDispose]());

async function shown(code: string): Promise<JsonObject> {
  const run = await kernel.run(code);
  assert.deepEqual(run.errors, []);
  return run.result ?? {};
}

const text = (data: JsonObject): string => stripVTControlCharacters(String(data["text/plain"]));

test("[part of 3.5-rich-output] an array of plain objects is a table with types and its total", async () => {
  const data = await shown(
    "Array.from({ length: 12_000 }, (_, i) => ({ host: 'web' + i, load: i / 2, up: true, at: new Date(0), note: i === 1 ? '<b>&' : null }))",
  );
  const table = data["application/vnd.dataresource+json"] as {
    schema: JsonObject;
    data: JsonObject[];
    opsbook: JsonObject;
  };
  assert.deepEqual(table.schema, {
    fields: [
      { name: "host", type: "string" },
      { name: "load", type: "number" },
      { name: "up", type: "boolean" },
      { name: "at", type: "datetime" },
      { name: "note", type: "string" },
    ],
  });
  assert.equal(table.data.length, 10_000);
  assert.deepEqual(table.opsbook, { total: 12_000 });
  assert.deepEqual(table.data[1], { host: "web1", load: 0.5, up: true, at: "1970-01-01T00:00:00.000Z", note: "<b>&" });
  assert.match(String(data["text/html"]), /&#60;b&#62;&#38;/);
  assert.ok(String(data["text/html"]).length < 20_000);
});

test("[part of 3.5-rich-output] objects and arrays are JSON, with cycles, depth and size bounded", async () => {
  const data = await shown(
    "const cyc: any = { a: 1, when: new Date(0), map: new Map([[1, 2]]), big: 10n }; cyc.self = cyc; cyc",
  );
  assert.deepEqual(data["application/json"], {
    a: 1,
    when: "1970-01-01T00:00:00.000Z",
    map: "Map(1) { 1 => 2 }",
    big: "10n",
    self: "[Circular]",
  });
  const wide = await shown("Array.from({ length: 1e6 }, (_, i) => i)");
  assert.ok(JSON.stringify(wide).length < 500_000);
  const deep = await shown("let deepest: any = {}; for (let i = 0; i < 10_000; i++) deepest = { deepest }; deepest");
  assert.ok(JSON.stringify(deep).length < 10_000);
});

test("[part of 3.5-rich-output] what has a shape of its own is shown by it", async () => {
  assert.equal(text(await shown("new Map([['a', 1]])")), "Map(1) { 'a' => 1 }");
  assert.equal(text(await shown("new Set([1])")), "Set(1) { 1 }");
  assert.equal(text(await shown("new Date(0)")), "1970-01-01T00:00:00.000Z");
  assert.match(text(await shown("new URL('http://a/b')")), /href: 'http:\/\/a\/b'/);
  assert.equal(text(await shown("new Uint8Array([1, 2])")), "Uint8Array(2) [ 1, 2 ]");
  assert.match(text(await shown("new TypeError('as a value')")), /TypeError: as a value\n {4}at In\[/);
  assert.equal(text(await shown("function named() {}; named")), "[Function: named]");
  assert.equal(text(await shown("[]")), "[]");
});

test("[part of 3.5-rich-output] PNG and JPEG bytes are images", async () => {
  const png = await shown("Buffer.from('89504e470d0a1a0a00', 'hex')");
  assert.equal(png["image/png"], Buffer.from("89504e470d0a1a0a00", "hex").toString("base64"));
  assert.equal(typeof (await shown("Buffer.from('ffd8ffe0', 'hex')"))["image/jpeg"], "string");
  assert.match(text(await shown("Buffer.from('plain')")), /^<Buffer /);
});

test("[part of 3.5-rich-output] a value's own display method decides, and cannot break the cell", async () => {
  const own = await shown(
    '({ [Symbol.for("opsbook.display")]: () => ({ "text/markdown": "**x**", "text/plain": "x" }) })',
  );
  assert.deepEqual(own, { "text/markdown": "**x**", "text/plain": "x" });
  assert.match(
    text(await shown('({ [Symbol.for("opsbook.display")]() { throw new Error("ugly") } })')),
    /could not be shown: ugly/,
  );
  assert.match(
    text(await shown("new Proxy({}, { ownKeys() { throw new Error('no') }, get() { throw new Error('no') } })")),
    /could not be shown/,
  );
  assert.match(text(await shown("({ get trap() { throw new Error('trap') } })")), /trap|could not/);
});

test("[part of 3.5-rich-output] what display returns is not shown a second time", async () => {
  const run = await kernel.run('display.html("<b>1</b>")');
  const types = kernel.of(run.id).map(({ message }) => message.header.msg_type);
  assert.ok(types.includes("display_data"));
  assert.ok(!types.includes("execute_result"));
});

test("[part of 3.5-rich-output] display, its kinds, updates, and clearOutput", async () => {
  const run = await kernel.run(`
    const handle = display({ a: 1 }, { id: "same" });
    handle.update({ a: 2 });
    display.html("<b>1</b>"); display.markdown("# 2"); display.svg("<svg/>"); display.json({ x: [1] });
    display.image(Buffer.from("89504e470d0a1a0a", "hex"));
    clearOutput({ wait: true })`);
  const kinds = kernel
    .of(run.id)
    .map(({ message }) => [message.header.msg_type, message.content])
    .filter(([type]) => /display|clear/.test(String(type)));
  assert.deepEqual(
    kinds.map(([type]) => type),
    [
      "display_data",
      "update_display_data",
      "display_data",
      "display_data",
      "display_data",
      "display_data",
      "display_data",
      "clear_output",
    ],
  );
  const bundles = kinds
    .slice(0, -1)
    .map(([, content]) => Object.keys((content as JsonObject).data as JsonObject).at(-1));
  assert.deepEqual(bundles, [
    "application/json",
    "application/json",
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "application/json",
    "image/png",
  ]);
  const ids = kinds.slice(0, 2).map(([, content]) => ((content as JsonObject).transient as JsonObject).display_id);
  assert.deepEqual(ids, ["same", "same"]);
  assert.deepEqual(kinds.at(-1)?.[1], { wait: true });
});

test("[part of 3.5-rich-output] a million rows cost a window of them, and the next window is asked for", async () => {
  const first = await kernel.run(
    "const million = Array.from({ length: 1_000_000 }, (_, i) => ({ i, host: 'web' + i })); million",
  );
  const table = (data: JsonObject) =>
    data["application/vnd.dataresource+json"] as { data: JsonObject[]; opsbook: JsonObject };
  assert.deepEqual(table(first.result ?? {}).opsbook, { total: 1_000_000 });
  assert.equal(table(first.result ?? {}).data.length, 10_000);
  const next = await kernel.run("show.table(million, { offset: 999_990, columns: ['host'] })");
  const shownNext = table(next.displays[0]?.content.data as JsonObject);
  assert.deepEqual(shownNext.opsbook, { total: 1_000_000, offset: 999_990 });
  assert.deepEqual([shownNext.data.length, shownNext.data.at(-1)], [10, { host: "web999999" }]);
  assert.match((await kernel.run("show.table([1])")).errors[0]?.evalue ?? "", /takes an array of objects/);
});

test("[part of 3.5-rich-output] whatever a value is, it is shown and harms nothing", async () => {
  const cases: [string, RegExp][] = [
    ["Promise.resolve(1), [Promise.reject(new Error('x')).catch(() => {})]", /Promise/],
    ["new Proxy({ a: 1 }, {})", /a: 1/],
    [
      "const circular = new (class Node { next: unknown; constructor() { this.next = this } })(); circular",
      /<ref \*1> Node \{ next: \[Circular \*1\]/,
    ],
    ["new (class Point { x = 1 })()", /^Point \{ x: 1 \}/],
    ["new Float64Array([0.5])", /^Float64Array\(1\) \[ 0.5 \]/],
    ["new BigInt64Array([1n])", /1n/],
    ["new ArrayBuffer(2)", /ArrayBuffer/],
    ["Symbol('s')", /Symbol\(s\)/],
    ["new WeakMap()", /WeakMap/],
    ["Object.create(null)", /Object: null prototype|\{\}/],
    ["10n ** 20n", /^100000000000000000000n/],
    ["/a+/g", /\/a\+\/g/],
    ["new Map([[{ a: 1 }, new Set([1])]])", /Map\(1\) \{ \{ a: 1 \} => Set\(1\) \{ 1 \} \}/],
  ];
  for (const [code, expected] of cases) assert.match(text(await shown(code)), expected, code);
});

test("[part of 3.5-rich-output] a value may take its time to say how it looks; a failure of that is told and no more", async () => {
  const slow = `(text: string) => ({ [Symbol.for("opsbook.display")]: async () => { await new Promise((go) => setTimeout(go, 5)); return { "text/markdown": text } } })`;
  await kernel.run(`const slowly = ${slow}`);
  assert.equal((await shown("slowly('**late**')"))["text/markdown"], "**late**");
  const fails = '({ [Symbol.for("opsbook.display")]: async () => { throw new Error("ugly") } })';
  assert.match(text(await shown(fails)), /could not be shown: ugly/);
  const run = await kernel.run("display(slowly('a')); await new Promise((go) => setTimeout(go, 50)); 1");
  const later = await kernel.until(() => {
    const all = kernel.runOf(run.id).displays;
    return all.length === 2 && all;
  });
  const ids = later.map(({ content }) => (content.transient as JsonObject).display_id);
  assert.equal(ids[0], ids[1]);
  assert.equal((later[1]!.content.data as JsonObject)["text/markdown"], "a");
});

test("[part of 3.5-rich-output] show gives charts, diagrams, math and pictures, each with a text for other readers", async () => {
  const run = await kernel.run(`
    const load = [{ at: new Date(0), "cpu.a": 1, b: 2, host: "x" }, { at: new Date(1000), "cpu.a": 3, b: 4, host: "y" }];
    show.chart(load, { y: "cpu.a", color: "host", title: "Load" });
    show.chart(load, { x: "host", y: ["cpu.a", "b"], mark: "bar" });
    show.vega({ $schema: "https://vega.github.io/schema/vega/v5.json" });
    show.mermaid("graph TD; a-->b<c"); show.latex("$$ x^2 $$"); show.markdown("# x"); show.html("<b>"); show.svg("<svg/>");
    show.image(Buffer.from("47494638", "hex"), { alt: "a dot" });`);
  assert.deepEqual(run.errors, []);
  const data = run.displays.map(({ content }) => content.data as JsonObject);
  for (const bundle of data) assert.equal(typeof bundle["text/plain"], "string");
  assert.deepEqual(
    data.map((bundle) => Object.keys(bundle).at(-1)),
    [
      "application/vnd.vegalite.v5+json",
      "application/vnd.vegalite.v5+json",
      "application/vnd.vega.v5+json",
      "text/vnd.mermaid",
      "text/latex",
      "text/markdown",
      "text/html",
      "image/svg+xml",
      "image/gif",
    ],
  );
  const spec = data[0]?.["application/vnd.vegalite.v5+json"] as JsonObject;
  assert.deepEqual(spec.encoding, {
    x: { field: "at", type: "temporal", title: "at" },
    y: { field: "cpu\\.a", type: "quantitative", title: "cpu.a" },
    color: { field: "host", type: "nominal", title: "host" },
  });
  assert.equal(data[4]?.["text/latex"], "$\\displaystyle  x^2 $");
  assert.match((await kernel.run("show.chart([{ a: 'x' }])")).errors[0]?.evalue ?? "", /no field of numbers/);
  assert.match(
    (await kernel.run("show.chart(load, { y: 'nope' })")).errors[0]?.evalue ?? "",
    /no field nope; they have at/,
  );
});
