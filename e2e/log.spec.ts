import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "./harness/fixtures.ts";

const SCREENS = join(import.meta.dirname, "../test-results/screens");

const LINES = 1_000_000;
const lineOf = (i: number) =>
  i % 1000 === 0 ? `\x1b[2m10:21:07\x1b[0m  \x1b[32mok\x1b[0m  line ${i}` : `10:21:07  ok  line ${i}`;
const FLOOD = `let text = "";
for (let i = 1; i <= ${LINES.toLocaleString("en").replaceAll(",", "_")}; i++) {
  text += i % 1000 === 0 ? "\\x1b[2m10:21:07\\x1b[0m  \\x1b[32mok\\x1b[0m  line " + i + "\\n" : "10:21:07  ok  line " + i + "\\n";
  if (i % 500 === 0) { process.stdout.write(text); text = ""; }
}`;

class LogPage {
  readonly view: Locator;
  readonly lines: Locator;
  readonly search: Locator;
  readonly found: Locator;

  constructor(page: Page) {
    this.view = page.getByRole("region", { name: /^Whole log of / });
    this.lines = this.view.getByRole("listbox");
    this.search = this.view.getByRole("textbox", { name: "Search the log" });
    this.found = this.view.locator(".log-found");
  }

  line(number: number): Locator {
    return this.lines.locator(`[aria-posinset="${number}"]`);
  }
}

const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");

test.use({ actionTimeout: 20_000 });

test("[part of P5] 1,000,000 lines: head and tail in the cell, the whole log searched, jumped through, copied and downloaded, also after a reload and a restart of the server", async ({
  notebook,
  opsbook,
  page,
  browser,
  login,
}) => {
  test.setTimeout(300_000);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const path = opsbook.add("flood.ipynb", [FLOOD, '"after"']);
  await notebook.open(path);
  await notebook.runAll();
  await notebook.finished(1);
  const shown = notebook.cell(0).getByRole("region", { name: "stdout, 1,000,000 lines" });
  await expect(shown.getByText(`line ${LINES}`)).toBeVisible();
  await shown.evaluate((element) => element.scrollTo(0, 0));
  await expect(shown.getByText("10:21:07  ok  line 1", { exact: true })).toBeInViewport();
  await expect(notebook.cell(0)).toContainText(/1,000,000 lines · 9\d\d,\d{3} in the middle not shown/);

  await notebook.select(0);
  await page.keyboard.press("l");
  const log = new LogPage(page);
  await expect(log.lines).toBeFocused();
  await expect(log.line(1)).toBeInViewport();
  await expect(log.view).toContainText("1,000,000 lines");
  // Only the lines in sight are in the page.
  expect(await log.lines.getByRole("option").count()).toBeLessThan(120);
  await page.keyboard.press("End");
  await expect(log.line(LINES)).toBeInViewport();
  await page.keyboard.press("ArrowUp");
  await expect(log.line(LINES - 1)).toHaveAttribute("aria-selected", "true");

  await page.keyboard.press("Control+f");
  await expect(log.search).toBeFocused();
  await page.keyboard.type("LINE 777777");
  await expect(log.found).toHaveText("1 line");
  await page.keyboard.press("Enter");
  await expect(log.line(777_777)).toBeInViewport();
  await expect(log.line(777_777).locator("mark")).toHaveText("line 777777");
  await expect(log.found).toHaveText("1 of 1 line");
  await log.view.getByRole("button", { name: "Regular expression" }).click();
  await log.search.fill("line \\d{3}000$");
  await expect(log.found).toHaveText("900 lines");
  await log.search.press("Enter");
  // From line 777,777 on.
  await expect(log.line(778_000)).toBeInViewport();
  await log.search.press("Shift+Enter");
  await expect(log.line(777_000)).toBeInViewport();
  await log.search.fill("(");
  await expect(log.found).toContainText("Invalid regular expression");
  await log.search.fill("line 5\\d{5}$");
  await expect(log.found).toHaveText("100,000 lines, the first 50,000 listed");

  await log.lines.focus();
  await page.keyboard.press("g");
  await page.keyboard.type("500,000");
  await page.keyboard.press("Enter");
  await expect(log.line(500_000)).toBeInViewport();
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Control+c");
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toBe("10:21:07  ok  line 500000\n10:21:07  ok  line 500001\n10:21:07  ok  line 500002\n");

  const whole = Array.from({ length: LINES }, (_, i) => `${lineOf(i + 1)}\n`).join("");
  const download = async (item: string) => {
    const file = page.waitForEvent("download");
    await log.view.getByRole("button", { name: "Download" }).click();
    await page.getByRole("menuitem", { name: item }).click();
    return readFileSync(await (await file).path());
  };
  expect(sha256(await download("All, as it was printed"))).toBe(sha256(whole));
  expect(sha256(await download("All, without colours"))).toBe(sha256(whole.replace(/\x1b\[\d+m/g, "")));
  expect((await download("Only lines 500,000 to 500,002 (3)")).toString()).toMatch(/^10.*line 500000\n.*\n.*500002\n$/);

  // Wrapping keeps the place.
  await log.lines.focus();
  await page.keyboard.press("w");
  await expect(log.line(500_000)).toBeInViewport();
  await page.keyboard.press("w");

  await page.reload();
  await expect(log.line(1)).toBeInViewport();
  await log.search.fill("line 1000000");
  await expect(log.found).toHaveText("1 line");

  await opsbook.kill();
  await opsbook.serve();
  await log.search.fill("line 999999");
  await log.search.press("Enter");
  await expect(log.found).toHaveText(/1 line$/);

  const address = new URL(page.url()).hash;
  for (const theme of ["dark", "light"] as const)
    for (const width of [1280, 1920]) {
      const context = await browser.newContext({
        storageState: login,
        baseURL: opsbook.url,
        colorScheme: theme,
        viewport: { width, height: width === 1280 ? 800 : 1080 },
      });
      const tab = await context.newPage();
      await tab.goto(`/${address}`);
      const view = new LogPage(tab);
      await view.search.fill("line 77700");
      await expect(view.found).toHaveText("11 lines");
      await view.search.press("Enter");
      await expect(view.found).toHaveText("1 of 11 lines");
      await expect(view.lines.locator("mark").first()).toBeInViewport();
      await tab.evaluate(() => document.fonts.ready);
      const overflow = await tab.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
      expect(overflow).toBe(false);
      await tab.screenshot({ path: join(SCREENS, `log-${theme}-${width}.png`) });
      await tab.goto(`/#/notebooks/${path}`);
      await expect(tab.getByTestId("long-log")).toBeVisible();
      await tab
        .getByTestId("long-log")
        .locator(".nb-log-box")
        .evaluate((element) => element.scrollTo(0, 9400));
      await tab.screenshot({ path: join(SCREENS, `log-cell-${theme}-${width}.png`) });
      await context.close();
    }
});

test("[part of 3.5-rich-output] a log is followed as it grows, and left alone where somebody scrolled away", async ({
  notebook,
  opsbook,
  page,
}) => {
  const path = opsbook.add("growing.ipynb", [
    'let i = 0;\nwhile (i < 3000) { console.log("tick", ++i); await new Promise((go) => setTimeout(go, 1)); if (i === 1500) await input("go on?"); }',
  ]);
  await notebook.open(path);
  await notebook.select(0);
  await notebook.run(0);
  await expect(notebook.cell(0)).toContainText("tick 1500");
  await notebook.select(0);
  await page.keyboard.press("l");
  const log = new LogPage(page);
  await expect(log.view).toContainText("The cell still prints");
  await expect(log.line(1500)).toBeInViewport();
  const follow = log.view.getByRole("button", { name: "Stop following" });
  await expect(follow).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("Home");
  await expect(log.line(1)).toBeInViewport();
  await expect(log.view.getByRole("button", { name: "Follow the end" })).toHaveAttribute("aria-pressed", "false");

  await notebook.open(path);
  const form = notebook.cell(0).getByRole("form", { name: "The code asks" });
  await form.getByRole("button", { name: "Answer" }).click();
  await notebook.finished(0);
  await page
    .getByRole("tab", { name: /Log of growing/ })
    .or(page.getByText("Log of growing").first())
    .first()
    .click();
  await expect(log.view).toContainText("3,000 lines");
  await expect(log.view).toContainText("Complete");
  await expect(log.line(1)).toBeInViewport();
  await log.lines.focus();
  await page.keyboard.press("End");
  await expect(log.line(3000)).toBeInViewport();
});
