/** The product in the browser beside JupyterLab: real servers, Chromium, the clock inside of the page. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { type Browser, type BrowserContext, type Cookie, chromium, type Page } from "@playwright/test";
import { COUNT, KILOBYTES, Load, MILLISECONDS, progress, type Row, table, type Unit } from "./lib/figures.ts";
import { notebookFile } from "./lib/notebook-file.ts";
import { NODE, pythonPeers, pythonVersion, ROOT } from "./lib/peers.ts";
import { JUPYTERLAB, OPSBOOK, type Product } from "./lib/products.ts";
import { type Served, startJupyterLab, startOpsbook } from "./lib/servers.ts";
import { giveStopwatch, loadTime, runCell } from "./lib/stopwatch.ts";

const LOADS = 5;
const TRIP_BATCHES = 4;
const TRIPS_IN_BATCH = 50;
const LINE_RUNS = 5;
const LINES = 100_000;
const CELLS = 500;
const CODE_CELL = 0;
const LINES_CELL = 1;

const WHAT = {
  scripts: ["JavaScript until usable, gzip", KILOBYTES],
  files: ["JavaScript files until usable", COUNT],
  usable: ["empty cache → usable", MILLISECONDS],
  opened: [`${CELLS} cells: page load → first cells`, MILLISECONDS],
  held: ["Ctrl+Enter → result of `1+1` in the page", MILLISECONDS],
  painted: ["Ctrl+Enter → result of `1+1` painted", MILLISECONDS],
  lines: ["Ctrl+Enter → 100,000 lines there, last one painted", MILLISECONDS],
} as const satisfies Record<string, readonly [string, Unit]>;
type Measured = Record<keyof typeof WHAT, number[]>;

/** A product with its server, and what was measured of it. */
interface Contestant {
  product: Product;
  server: Served;
  /** The cookies of somebody who is logged in. */
  storageState: { cookies: Cookie[]; origins: [] };
  /** Where the long notebook is opened, and where cells run. The pages of each share a cache and what is open. */
  reader: BrowserContext;
  runner: BrowserContext;
  measured: Measured;
  /** Why runs of lines gave no figure. */
  failedLines: string[];
}

const load = new Load();
await using stack = new AsyncDisposableStack();
await promisify(execFile)(
  NODE,
  [
    "--input-type=module",
    "-e",
    'const { ensureWebBuilt } = await import("./scripts/lib/web.mjs"); await ensureWebBuilt();',
  ],
  { cwd: ROOT },
);
const browser = stack.adopt(await startBrowser(), (each) => each.close());
const contestants = [await enter(OPSBOOK, stack.use(await startOpsbook()))];
const python = await pythonPeers();
let labVersion = "";
if (!("skip" in python)) {
  labVersion = await pythonVersion(python.python, "jupyterlab");
  contestants.push(await enter(JUPYTERLAB, stack.use(await startJupyterLab(python.python))));
}
for (const part of [measureLoads, measureTrips, measureLines]) await part();
process.stdout.write(report());

async function startBrowser(): Promise<Browser> {
  const program = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((file) => existsSync(file));
  return chromium.launch({
    ...(program === undefined ? {} : { executablePath: program }),
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
}

async function enter(product: Product, server: Served): Promise<Contestant> {
  const write = (name: string, cells: Parameters<typeof notebookFile>[1]) =>
    writeFile(join(server.root, name), notebookFile(product.kernelspec, cells));
  await write("short.ipynb", [
    { type: "code", source: "1+1" },
    { type: "code", source: product.printing(LINES) },
  ]);
  await write(
    "long.ipynb",
    Array.from({ length: CELLS }, (_, at) =>
      at % 5 === 4
        ? {
            type: "markdown",
            source: `## Step ${at}\n\nWhat **was** found, with a [link](https://example.com) and \`code\`.`,
          }
        : { type: "code", source: `value${at} = ${at} * 2\nvalue${at}`, result: String(at * 2) },
    ),
  );
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(server.loginUrl);
  await product.entered(page);
  const storageState = { cookies: await context.cookies(), origins: [] } satisfies Contestant["storageState"];
  await context.close();
  const reader = await newContext(product, storageState);
  const runner = await newContext(product, storageState);
  const measured: Measured = { scripts: [], files: [], usable: [], opened: [], held: [], painted: [], lines: [] };
  return { product, server, storageState, reader, runner, measured, failedLines: [] };
}

async function newContext(product: Product, storageState: Contestant["storageState"]): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, storageState });
  await giveStopwatch(context, product.probes);
  return context;
}

/** Loads of the start page by somebody new, then of a long notebook by somebody who was there before. */
async function measureLoads(): Promise<void> {
  for (let round = 0; round < LOADS; round++) {
    for (const { product, server, storageState, reader, measured } of contestants) {
      progress(`load ${round + 1} of ${LOADS}: ${product.name}`);
      const fresh = await newContext(product, storageState);
      const page = await fresh.newPage();
      const scripts = collectScripts(page);
      measured.usable.push(await loadTime(page, server.url + product.home, "usable"));
      const bodies = await scripts();
      measured.scripts.push(bodies.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0));
      measured.files.push(bodies.length);
      await fresh.close();
      const again = await reader.newPage();
      const took = await loadTime(again, server.url + product.notebook("long.ipynb"), "opened");
      // The first one fills the cache and the server's memory.
      if (round > 0) measured.opened.push(took);
      await again.close();
    }
  }
}

/** Answers with the scripts that came until it is asked. */
function collectScripts(page: Page): () => Promise<Buffer[]> {
  const bodies: Promise<Buffer | undefined>[] = [];
  page.on("response", (response) => {
    if (response.request().resourceType() === "script") bodies.push(response.body().catch(() => undefined));
  });
  return async () => (await Promise.all(bodies)).filter((body) => body !== undefined);
}

async function measureTrips(): Promise<void> {
  for (let batch = 0; batch <= TRIP_BATCHES; batch++) {
    for (const contestant of contestants) {
      const { product, measured } = contestant;
      progress(`trips, batch ${batch} of ${TRIP_BATCHES}: ${product.name}`);
      await withNotebook(contestant, CODE_CELL, async (page) => {
        // Each batch begins with trips that do not count: kernel and page are warm afterwards.
        for (let trip = -10; trip < (batch === 0 ? 0 : TRIPS_IN_BATCH); trip++) {
          const { held, painted } = await runCell(page, { cell: CODE_CELL, result: "2" });
          if (trip < 0) continue;
          measured.held.push(held);
          measured.painted.push(painted);
        }
      });
    }
  }
}

async function measureLines(): Promise<void> {
  for (let run = 0; run <= LINE_RUNS; run++) {
    for (const contestant of contestants) {
      const { product, measured, failedLines } = contestant;
      progress(`lines, run ${run} of ${LINE_RUNS}: ${product.name}`);
      try {
        await withNotebook(contestant, LINES_CELL, async (page) => {
          const { painted } = await runCell(page, { cell: LINES_CELL, lines: LINES });
          if (run > 0) measured.lines.push(painted);
        });
      } catch (error) {
        failedLines.push(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
      }
    }
  }
}

async function withNotebook(
  { product, server, runner }: Contestant,
  cell: number,
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const page = await runner.newPage();
  try {
    await loadTime(page, server.url + product.notebook("short.ipynb"), "opened");
    await product.focus(page, cell);
    await use(page);
  } finally {
    await page.close();
  }
}

function report(): string {
  const of = (key: keyof Measured) =>
    contestants.map(({ measured, failedLines }) =>
      measured[key].length > 0 ? measured[key] : { missing: failedLines[0] ?? "no run" },
    );
  const row = (key: keyof Measured, share?: number): Row => {
    const [what, unit] = WHAT[key];
    return share === undefined
      ? { what, unit, of: of(key) }
      : { what: `${what}, p${share * 100}`, unit, share, of: of(key) };
  };
  const rows = [
    row("scripts"),
    row("files"),
    row("usable"),
    row("opened"),
    row("held", 0.5),
    row("held", 0.95),
    row("painted", 0.5),
    row("painted", 0.95),
    row("lines"),
  ];
  const names = contestants.map(({ product }) =>
    product === JUPYTERLAB ? `${product.name} ${labVersion}` : product.name,
  );
  const method = [
    `Chromium ${browser.version()} without a GPU; servers on the same machine, in turns. Median (min – max) of ${LOADS} loads, ${LOADS - 1} openings and ${LINE_RUNS} × lines; ${TRIP_BATCHES * TRIPS_IN_BATCH} × \`1+1\`.`,
    "Times are taken in the page: from the key's own time stamp, or the start of the navigation, to the frame that shows it. A run has ended when the cell has its number and its whole output. Frames come every 16.7 ms, which bounds what *painted* can be; *in the page* has no such bound.",
    "*Usable*: a new notebook can be made (Opsbook), the launcher is there and the splash gone (JupyterLab). Opsbook runs TypeScript, JupyterLab its Python kernel.",
    `${String(load).replace("load", "Load")}.`,
  ].join(" ");
  const absent = "skip" in python ? [`JupyterLab was not measured: ${python.skip}.`] : [];
  const failed = contestants.flatMap(({ product, failedLines }) =>
    failedLines.length === 0
      ? []
      : [
          `${product.name}: ${failedLines.length} of ${LINE_RUNS + 1} runs never showed the last line (${failedLines[0]}).`,
        ],
  );
  return `${[method, table(names, rows), ...failed, ...absent].join("\n\n")}\n`;
}
