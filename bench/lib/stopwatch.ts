/**
 * A clock inside of the measured page, so that the way to the program that drives the browser does not count. Each of
 * these functions is sent to the page as text and sees nothing of this module.
 */
import type { BrowserContext, Page } from "@playwright/test";

/** What a product's page is asked; every answer must be cheap, for it is asked at each change of the page. */
export interface Probes {
  /** There is something to click on. */
  usable: () => boolean;
  /** A notebook is open and the code of its first cell can be read. */
  opened: () => boolean;
  /** The number of the cell's last run, 0 before the first, -1 while it runs. */
  runs: (cell: number) => number;
  /** The page shows this as the cell's result. */
  result: (cell: number, text: string) => boolean;
  /** The page shows all that the cell printed, and its last line. */
  printed: (cell: number, count: number) => boolean;
}

/** Milliseconds from the key. */
export interface Trip {
  /** The page holds the result. */
  held: number;
  /** The frame with the result is out. */
  painted: number;
}

interface Stopwatch {
  loaded(what: "usable" | "opened"): Promise<number>;
  arm(order: { cell: number; result: string } | { cell: number; lines: number }): void;
  trip: Promise<Trip>;
}

declare global {
  var stopwatch: Stopwatch;
}

/** Every page that the context opens gets a stopwatch. */
export async function giveStopwatch(context: BrowserContext, probes: Probes): Promise<void> {
  const text = Object.entries(probes).map(([name, probe]) => `${name}: ${probe}`);
  await context.addInitScript({ content: `globalThis.stopwatch = (${makeStopwatch})({ ${text.join(",\n")} });` });
}

/** From the start of the navigation until a frame that shows it is out; milliseconds. */
export async function loadTime(page: Page, url: string, what: "usable" | "opened"): Promise<number> {
  await page.goto(url, { waitUntil: "commit" });
  return page.evaluate((each) => stopwatch.loaded(each), what);
}

/** Presses Ctrl+Enter in the cell that has the focus. */
export async function runCell(page: Page, order: Parameters<Stopwatch["arm"]>[0]): Promise<Trip> {
  await page.evaluate((each) => stopwatch.arm(each), order);
  await page.keyboard.press("Control+Enter");
  return page.evaluate(() => stopwatch.trip);
}

function makeStopwatch(probes: Probes): Stopwatch {
  /** Milliseconds anything here may take. */
  const LIMIT = 20_000;
  const framePainted = () =>
    new Promise<number>((resolve) => {
      requestAnimationFrame(() => {
        // A message sent before the frame is painted arrives after it.
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(performance.now());
        port2.postMessage(null);
      });
    });
  const made: Stopwatch = {
    trip: Promise.reject(new Error("not armed")),
    async loaded(what) {
      while (!probes[what]()) {
        if (performance.now() > LIMIT) throw new Error(`not ${what} after ${LIMIT / 1000} s: ${document.title}`);
        await new Promise(requestAnimationFrame);
      }
      return framePainted();
    },
    arm(order) {
      const before = probes.runs(order.cell);
      const there = () =>
        probes.runs(order.cell) > before &&
        ("result" in order ? probes.result(order.cell, order.result) : probes.printed(order.cell, order.lines));
      made.trip = new Promise((resolve, reject) => {
        setTimeout(
          reject,
          LIMIT,
          new Error(`not there after ${LIMIT / 1000} s: ${document.title}, ${JSON.stringify(order)}`),
        );
        if (before < 0) reject(new Error("the cell is running"));
        const onKey = ({ key, timeStamp }: KeyboardEvent) => {
          if (key !== "Enter") return;
          window.removeEventListener("keydown", onKey, true);
          const observer = new MutationObserver(() => {
            if (!there()) return;
            observer.disconnect();
            const held = performance.now() - timeStamp;
            void framePainted().then((now) => resolve({ held, painted: now - timeStamp }));
          });
          observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
        };
        window.addEventListener("keydown", onKey, true);
      });
    },
  };
  made.trip.catch(() => undefined);
  return made;
}
