/** A cell that prints ten million lines: memory of every process before, during and after, and whether the page lives. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { chromium, type Page } from "@playwright/test";
import { type Entry, Load, MEGABYTES, MILLISECONDS, progress, type Row, table } from "./lib/figures.ts";
import { type Part, residentMegabytes } from "./lib/memory.ts";
import { notebookFile } from "./lib/notebook-file.ts";
import { pythonPeers, pythonVersion } from "./lib/peers.ts";
import { JUPYTERLAB, OPSBOOK, type Product } from "./lib/products.ts";
import { type Served, startJupyterLab, startOpsbook } from "./lib/servers.ts";
import { giveStopwatch } from "./lib/stopwatch.ts";

const LINES = 10_000_000;
/** Milliseconds a product gets for it. */
const LIMIT = 300_000;
const SAMPLE_MS = 500;
/** Milliseconds after its end until memory counts as that of afterwards. */
const SETTLED = 10_000;

type Memory = Partial<Record<Part, number>>;

interface Measured {
  before: Memory;
  highest: Memory;
  after: Memory;
  /** Milliseconds. */
  took: number[];
  /** The longest time without a frame, milliseconds. */
  frozen: number[];
  /** Answers of the server while it printed, milliseconds. */
  answers: number[];
  failed: string | undefined;
}

const load = new Load();
const ours = await measure(OPSBOOK, await startOpsbook());
const python = await pythonPeers();
const lab = "skip" in python ? undefined : await measure(JUPYTERLAB, await patiently(python.python));
process.stdout.write(await report());

/** A machine that has just swallowed ten million lines may be slow to start the next server. */
async function patiently(program: string, attempts = 4): Promise<Served> {
  try {
    return await startJupyterLab(program);
  } catch (error) {
    if (attempts === 0) throw error;
    await wait(SETTLED);
    return patiently(program, attempts - 1);
  }
}

async function measure(product: Product, server: Served): Promise<Measured> {
  await using _ = server;
  const program = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((file) => existsSync(file));
  const mark = dirname(server.root);
  await using browser = await chromium.launch({
    ...(program === undefined ? {} : { executablePath: program }),
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    env: { ...process.env, BENCH_MARK: mark },
  });
  const source = product.printing(LINES);
  await writeFile(join(server.root, "flood.ipynb"), notebookFile(product.kernelspec, [{ type: "code", source }]));
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await giveStopwatch(context, product.probes);
  const page = await context.newPage();
  await page.goto(server.loginUrl);
  await product.entered(page);
  await page.goto(server.url + product.notebook("flood.ipynb"));
  await product.focus(page, 0);
  await wait(SETTLED);
  const before = residentMegabytes(mark);
  const measured: Measured = {
    before,
    highest: before,
    after: {},
    took: [],
    frozen: [],
    answers: [],
    failed: undefined,
  };
  await flood(page, { product, server, mark, measured });
  await wait(SETTLED);
  measured.after = residentMegabytes(mark);
  return measured;
}

async function flood(
  page: Page,
  { product, server, mark, measured }: { product: Product; server: Served; mark: string; measured: Measured },
): Promise<void> {
  const ended = Promise.withResolvers<string | undefined>();
  page.on("crash", () => ended.resolve("the tab died"));
  await page.evaluate(watchFrames);
  const start = performance.now();
  await page.keyboard.press("Control+Enter");
  void untilRun(page, product).then(ended.resolve, () => ended.resolve("the page does not answer"));
  let isOver = false;
  const over = ended.promise.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    progress(`${product.name}: ${Math.round((performance.now() - start) / 1000)} s`);
    const asked = performance.now();
    await fetch(server.url, { redirect: "manual" }).then((answer) => answer.arrayBuffer());
    measured.answers.push(performance.now() - asked);
    const now = residentMegabytes(mark);
    measured.highest = highestOf(measured.highest, now);
    await Promise.race([over, wait(SAMPLE_MS)]);
  }
  measured.failed = await over;
  if (measured.failed === undefined) measured.took.push(performance.now() - start);
  const frozen = await Promise.race([page.evaluate(() => longestPause).catch(() => undefined), wait(30_000)]);
  if (typeof frozen === "number") measured.frozen.push(frozen);
}

/** Undefined once the cell has run, else why not. */
async function untilRun(page: Page, product: Product): Promise<string | undefined> {
  const deadline = performance.now() + LIMIT;
  while (performance.now() < deadline) {
    const left = deadline - performance.now();
    const runs = await Promise.race([page.evaluate(product.probes.runs, 0), wait(left)]);
    if (runs === undefined) break;
    if (runs > 0) return undefined;
    await wait(250);
  }
  return `not done after ${LIMIT / 1000} s`;
}

declare global {
  var longestPause: number;
}

function watchFrames(): void {
  let last = performance.now();
  globalThis.longestPause = 0;
  const onFrame = (now: number) => {
    globalThis.longestPause = Math.max(globalThis.longestPause, now - last);
    last = now;
    requestAnimationFrame(onFrame);
  };
  requestAnimationFrame(onFrame);
}

function highestOf(a: Memory, b: Memory): Memory {
  const parts = [...new Set([...Object.keys(a), ...Object.keys(b)])] as Part[];
  return Object.fromEntries(parts.map((part) => [part, Math.max(a[part] ?? 0, b[part] ?? 0)]));
}

async function report(): Promise<string> {
  const all = lab ? [ours, lab] : [ours];
  const entry = (of: (each: Measured) => number[]): Entry[] =>
    all.map((each) => (of(each).length > 0 ? of(each) : { missing: each.failed ?? "no figure" }));
  const memory = (part: Part): Row[] =>
    (["before", "highest", "after"] as const).map((when) => ({
      what: `${part}, ${when}`,
      unit: MEGABYTES,
      of: all.map((each) => (each[when][part] === undefined ? undefined : [each[when][part]])),
    }));
  const rows: Row[] = [
    { what: "Ctrl+Enter → run ended", unit: MILLISECONDS, of: entry(({ took }) => took) },
    { what: "longest time without a frame", unit: MILLISECONDS, of: entry(({ frozen }) => frozen) },
    { what: "the server answers meanwhile, p95", unit: MILLISECONDS, share: 0.95, of: entry(({ answers }) => answers) },
    ...(["server", "keeper", "kernel", "tab"] as const).flatMap(memory),
  ];
  const names = [OPSBOOK.name];
  if (lab && !("skip" in python)) names.push(`${JUPYTERLAB.name} ${await pythonVersion(python.python, "jupyterlab")}`);
  const method = `A cell prints ${LINES.toLocaleString("en")} lines one by one with a page attached; resident memory every ${SAMPLE_MS} ms, *before* ${SETTLED / 1000} s after the page opened, *after* as long after the end. One run each; ${LIMIT / 1000} s at most. Opsbook keeps every line, searchable; its page shows head and tail. ${String(load).replace("load", "Load")}.`;
  const failed = all.flatMap(({ failed: why }, at) => (why === undefined ? [] : [`${names[at]}: ${why}.`]));
  return `${[method, table(names, rows), ...failed].join("\n\n")}\n`;
}
