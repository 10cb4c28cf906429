import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { LiveKernel } from "./testing/live-kernel.ts";

const TRACED = `type Method = (...given: any[]) => any;

export function failing<T extends Method>(value: T, context: ClassMethodDecoratorContext): T {
  return function (this: unknown, ...given: any[]) {
    if (given.length === 0) throw new RangeError("no arguments for " + String(context.name));
    return value.apply(this, given);
  } as T;
}

export class Service {
  @failing call(...given: unknown[]): number { return given.length }
}
`;

let kernel: LiveKernel;
before(async () => {
  kernel = await LiveKernel.start({
    files: {
      "service.ts": TRACED,
      "plain.ts": "/** @param a mail@host */\nexport const plain = (a: string): string => { throw new Error(a) };\n",
    },
  });
});
after(() => kernel[Symbol.asyncDispose]());

async function value(code: string, of: LiveKernel = kernel): Promise<unknown> {
  const run = await of.run(code);
  const [error] = run.errors;
  assert.equal(error && stripVTControlCharacters(error.traceback.join("\n")), undefined);
  return run.result?.["text/plain"];
}

async function failure(code: string) {
  const run = await kernel.run(code);
  const [error] = run.errors;
  assert.ok(error, "the cell failed");
  return { evalue: error.evalue, text: stripVTControlCharacters(error.traceback.join("\n")) };
}

const CASES: Record<string, [cells: string[], shown: string]> = {
  "a method": [
    [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a cell
      "const calls: string[] = []; function logged<T extends (...a: any[]) => any>(value: T, context: ClassMethodDecoratorContext) { return function (this: any, ...a: any[]) { calls.push(`${String(context.name)} ${a}`); return value.apply(this, a) } as T }",
      "class Adder { #base = 1; @logged add(n: number) { return this.#base + n } @logged static of(n: number) { return new Adder().add(n) } }",
      "[Adder.of(2), ...calls].join()",
    ],
    "'3,of 2,add 2'",
  ],
  "a class that takes the place of another": [
    [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a cell
      "const sealed = (value: any, { kind, name }: ClassDecoratorContext) => class Sealed extends value { about = `${kind} ${name}` }; @sealed class Safe { n = 1 }",
      "const safe = new Safe() as any; [safe.n, safe.about, safe instanceof Safe].join()",
    ],
    "'1,class Safe,true'",
  ],
  "fields, accessors, getters, setters, private ones": [
    [
      "const twice = (_: undefined, c: ClassFieldDecoratorContext) => (n: number) => n * 2; const capped = ({ get, set }: any, c: ClassAccessorDecoratorContext) => ({ get, set(this: any, n: number) { set.call(this, Math.min(n, 10)) }, init: (n: number) => n + 1 })",
      "const plus = (get: any, c: ClassGetterDecoratorContext) => function (this: any) { return get.call(this) + 1 }; const half = (set: any, c: ClassSetterDecoratorContext) => function (this: any, n: number) { set.call(this, n / 2) }",
      "class Gauge { @twice low: number = 2; @twice #hidden = 4; @capped accessor high = 5; @twice static one = 1; @plus get sum() { return this.low + this.#hidden } @half set both(n: number) { this.low = n } accessor free = 7 }",
      "const gauge = new Gauge(); const first = [gauge.low, gauge.sum, gauge.high, Gauge.one, gauge.free]; gauge.high = 99; gauge.both = 8; [...first, gauge.high, gauge.low].join()",
    ],
    "'4,13,6,2,7,10,4'",
  ],
  "addInitializer and metadata": [
    [
      "const bound = (value: any, c: ClassMethodDecoratorContext) => { c.metadata[c.name] = c.static; c.addInitializer(function (this: any) { this[c.name] = this[c.name].bind(this) }) }",
      "class Button { label = 'ok'; @bound press() { return this.label } } const { press } = new Button(); press() + JSON.stringify((Button as any)[Symbol.metadata])",
    ],
    `'ok{"press":false}'`,
  ],
  "order: evaluated from above, applied from the inside": [
    [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a cell
      "const order: string[] = []; const step = (name: string) => (order.push(`+${name}`), () => { order.push(name) }); @step('a') @step('b') class Steps { @step('c') m() {} @step('d') static s() {} } order.join()",
    ],
    "'+a,+b,+c,+d,d,c,b,a'",
  ],
  "a class expression, its name, and a class in a function": [
    [
      "const seen: unknown[] = []; const see = (v: any, c: DecoratorContext) => { seen.push(c.kind, c.name) }; const Anonymous = @see class { @see m() {} }; function make() { class Inner { @see x = 1 } return Inner } [Anonymous.name, make().name, make() === make(), new (make())().x, seen.slice(0, 6).join(' ')].join()",
    ],
    "'Anonymous,Inner,false,1,method m class Anonymous field x'",
  ],
  "a class that names itself": [
    [
      "const keep = (v: any, c: DecoratorContext) => v; class Self { @keep me() { return Self } static again = Self } [Self.name, Self.again === Self, new Self().me() === Self].join()",
    ],
    "'Self,true,true'",
  ],
  "await in a decorator's expression": [
    [
      "const later = async () => (v: any, c: DecoratorContext) => () => 7; class Late { @(await later()) m() {} } new Late().m()",
    ],
    "7",
  ],
  "beside an import, using, an enum and an export": [
    [
      "import { sep } from 'node:path'; enum Level { low = 3 } export const give = (v: any, c: DecoratorContext) => () => sep + Level.low; using held = { [Symbol.dispose]() {} }; export class Out { @give m() {} } new Out().m()",
    ],
    "'/3'",
  ],
};

for (const [title, [cells, shown]] of Object.entries(CASES)) {
  test(`standard decorators: ${title}`, async () => {
    let last: unknown;
    for (const cell of cells) last = await value(cell);
    assert.equal(last, shown);
  });
}

test("a cell that ends in a decorated class shows nothing, and its lowering leaves no names behind", async () => {
  assert.equal(await value("const quiet = (v: any, c: DecoratorContext) => {}"), undefined);
  assert.equal(await value("class Quiet { @quiet m() { return Quiet } }"), undefined);
  assert.equal(await value("@quiet class Quieter { @quiet x = 1 }"), undefined);
  assert.equal(await value("Object.keys(globalThis).filter((name) => /init|dec|quiet/i.test(name)).join()"), "''");
  const names = await kernel.request("complete_request", { code: "_", cursor_pos: 1 });
  assert.doesNotMatch(JSON.stringify(names.matches), /init|decorate|opsbook|Quiet/);
});

test("classes of earlier cells keep their own initializers, names of the session their values", async () => {
  await value(
    "const _init = 'mine', _m_dec = 'too'; const times = (by: number) => (_: any, c: any) => (n: number) => n * by",
  );
  await value("class First { @times(10) n = 1 }");
  await value("class Second { @times(100) n = 1 }");
  assert.equal(await value("[new First().n, new Second().n, _init, _m_dec].join()"), "'10,100,mine,too'");
  await value("const old = First; class First { @times(7) n = 1 }");
  assert.equal(await value("[new old().n, new First().n].join()"), "'10,7'");
});

test("errors in decorated code stand at the person's line and column", async () => {
  await value("const nothing = (v: any, c: DecoratorContext) => {}");
  const method = await failure(
    "interface Wide { a: string }\n\nclass Weak {\n  @nothing held: number = 1;\n  @nothing break(𝒳: string): never { const s = '😀'; throw new TypeError(𝒳 + s); }\n}\nnew Weak().break('x');",
  );
  assert.match(method.text, /Weak\.break \(In\[\d+\]:5:\d+\)/);
  assert.match(method.text, /In\[\d+\]:7:12\b/);
  assert.match(method.text, /> 5 \| {3}@nothing break/);
  assert.doesNotMatch(method.text, /__opsbook|esbuild|decorateElement/);

  const thrown = await failure(
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a cell
    "const angry = (v: any, { name }: DecoratorContext): void => {\n  throw new Error(`not ${String(name)}`);\n};\nclass Calm {\n  @angry m() {}\n}",
  );
  assert.match(thrown.text, /angry \(In\[\d+\]:2:9\)/);
  assert.match(thrown.text, /In\[\d+\]:5:\d+/);

  const field = await failure("class Heir {\n  @nothing\n  n = null!.x;\n}\nnew Heir()");
  assert.match(field.text, /In\[\d+\]:3:13\b/);

  const unknown = await failure("class Lost {\n  @nowhere m() {}\n}");
  assert.equal(unknown.evalue, "nowhere is not defined");
  assert.match(unknown.text, /In\[\d+\]:2:4\b/);
});

test("a decorator of a parameter says where it stands and what it needs", async () => {
  const { evalue, text } = await failure("const inject = () => {};\nclass Old {\n  m(@inject a: string) {}\n}");
  assert.match(evalue, /experimentalDecorators/);
  assert.match(text, /In\[\d+\]:3:5\b/);
});

test("imported files may hold decorators, and their errors stand at their lines", async () => {
  assert.equal(await value("import { Service } from './service.ts'; new Service().call(1, 2)"), "2");
  const { text } = await failure("new Service().call()");
  assert.match(text, /no arguments for call/);
  assert.match(text, /service\.ts:5:\d+/);
  await writeFile(join(kernel.folder, "service.ts"), `\n\n${TRACED}`);
  await value("import { Service } from './service.ts'; new Service().call(1)");
  assert.match((await failure("new Service().call()")).text, /service\.ts:7:35\b/);
  assert.match((await failure("import { plain } from './plain.ts'; plain('p')")).text, /plain\.ts:2:53\b/);
});

test("the notebook's tsconfig.json chooses TypeScript's experimental decorators, for cells and files", async () => {
  const legacy =
    "function mark(target: any, key?: string) { seen.push(key ?? target.name) } @mark class De { @mark m() {} }";
  await using at = await LiveKernel.start({
    files: {
      "tsconfig.json": '{\n  // "strict": true,\n  "compilerOptions": { "experimentalDecorators": true, }\n}',
      "old.ts": `export const seen: string[] = [];\n${legacy}\nexport function fail(): never {\n  throw new Error("old");\n}\n`,
    },
  });
  assert.equal(await value(`const seen: string[] = []; ${legacy} seen.join()`, at), "'m,De'");
  assert.equal(await value("const old = await import('./old.ts'); old.seen.join()", at), "'m,De'");
  const run = await at.run("old.fail()");
  assert.match(stripVTControlCharacters(run.errors[0]?.traceback.join("\n") ?? ""), /old\.ts:4:9\b/);
  await writeFile(join(at.folder, "tsconfig.json"), '{ "compilerOptions": { /* "experimentalDecorators": true */ } }');
  assert.equal(
    await value("const kind = (v: any, c: any) => () => c.kind; class S { @kind m() {} } new S().m()", at),
    "'method'",
  );
});
