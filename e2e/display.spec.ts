import { join } from "node:path";
import { expect, test } from "./harness/fixtures.ts";
import { NotebookPage } from "./harness/notebook-page.ts";

const SCREENS = join(import.meta.dirname, "../test-results/screens");

const ROWS =
  "Array.from({ length: 10_000 }, (_, i) => ({ host: 'web-' + i, load: (i * 7919) % 10_007, zone: i % 2 ? 'a' : 'b' }))";

test("[3.5-rich-output] a table of 10,000 rows scrolls with only the rows in sight in the page; a script in output does not run", async ({
  notebook,
  opsbook,
  page,
}) => {
  await notebook.open(
    opsbook.add("rich.ipynb", [
      ROWS,
      `show.markdown("safe<script>window.canary = 1</script><img src=x onerror='window.canary = 2'>"); show.html("<p id=inside>framed</p><script>try { parent.canary = 3 } catch {}</script>"); show.svg('<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><script>try { top.canary = 4 } catch {}</script><circle cx="9" cy="9" r="8"/></svg>'); display([{ a: "<script>window.canary = 5</script>" }])`,
    ]),
  );
  await notebook.runAll();
  await notebook.finished(1);
  const table = notebook.cell(0).getByTestId("table-output");
  await expect(table).toContainText("10,000 rows");
  const rows = table.locator("tbody tr:not([aria-hidden])");
  const box = table.getByRole("region", { name: "Table" });
  await box.evaluate((element) => element.scrollTo(0, 25 * 5000));
  await expect(rows.filter({ hasText: "web-5001" })).toBeInViewport();
  await box.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(rows.last()).toContainText("web-9999");
  expect(await rows.count()).toBeLessThan(100);
  await page.screenshot({ path: join(SCREENS, "table-10000.png") });

  await notebook.cell(1).scrollIntoViewIfNeeded();
  const frame = notebook.cell(1).frameLocator("iframe").first();
  await expect(frame.locator("#inside")).toBeVisible();
  await expect(notebook.cell(1)).toContainText("<script>window.canary = 5</script>");
  expect(await page.evaluate(() => "canary" in window)).toBe(false);
});

test("[part of 3.5-rich-output] of a million rows the first are shown, and what is missing is said", async ({
  notebook,
  opsbook,
}) => {
  await notebook.open(
    opsbook.add("million.ipynb", ["Array.from({ length: 1_000_000 }, (_, i) => ({ i, host: 'web' + i }))"]),
  );
  await notebook.runAll();
  await notebook.finished(0);
  const table = notebook.cell(0).getByTestId("table-output");
  await expect(table).toContainText("10,000 rows");
  await expect(table).toContainText("the first of 1,000,000, the rest stays in the kernel");
});

const RICH = [
  'show.chart(Array.from({ length: 60 }, (_, i) => ({ at: new Date(1.7e12 + i * 60_000), load: 40 + 30 * Math.sin(i / 6), zone: i % 2 ? "eu-a" : "eu-b" })), { y: "load", color: "zone", title: "Load" })',
  'show.mermaid("graph LR; user[Person] --> opsbook{Opsbook}; opsbook -->|runs| kernel; opsbook --> file[(notebook)]")',
  'show.latex("\\\\int_0^\\\\infty e^{-x^2} dx = \\\\frac{\\\\sqrt{\\\\pi}}{2}")',
];

test("[part of 3.5-rich-output] charts, diagrams and math are drawn, and load nothing from anywhere", async ({
  notebook,
  opsbook,
  page,
}) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await notebook.open(
    opsbook.add("drawn.ipynb", [
      ...RICH,
      `show.vega({ $schema: "https://vega.github.io/schema/vega-lite/v5.json", data: { url: "/api/me?canary" }, mark: "bar", encoding: { x: { field: "a", type: "nominal" } } });
       show.vega({ data: { values: [{ a: 1 }] }, mark: { type: "image", url: "https://canary.invalid/x.png", width: 9, height: 9 }, encoding: { x: { field: "a", type: "quantitative" }, href: { value: "javascript:window.canary=1" } } });
       show.vega({ data: { values: [{ a: 1 }] }, transform: [{ calculate: "constructor.constructor('window.canary = 2')()", as: "b" }], mark: "point", encoding: { x: { field: "b", type: "quantitative" } } });
       show.mermaid('graph TD; a["<img src=x onerror=window.canary=3>"] --> b; click a "javascript:window.canary=4"');
       show.latex("\\\\href{javascript:window.canary=5}{x} \\\\unknown{y}"); show.mermaid("no such diagram")`,
    ]),
  );
  await notebook.runAll();
  await notebook.finished(3);
  const chart = notebook.cell(0).locator(".nb-chart svg");
  await expect(chart).toBeVisible({ timeout: 60_000 });
  await expect(chart.locator("path[aria-roledescription='line mark'], .mark-line path").first()).toBeVisible();
  await expect(chart).toContainText("Load");
  const diagram = notebook.cell(1).getByRole("img", { name: /^Diagram: graph LR/ });
  await expect(diagram).toBeVisible({ timeout: 60_000 });
  expect(await diagram.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(100);
  await expect(notebook.cell(2).locator(".katex math").first()).toBeAttached({ timeout: 60_000 });
  await notebook.cell(3).scrollIntoViewIfNeeded();
  await expect(notebook.cell(3)).toContainText("This diagram could not be drawn", { timeout: 60_000 });
  await expect(notebook.cell(3).locator(".katex").first()).toBeAttached({ timeout: 60_000 });
  await page.mouse.move(300, 300);
  expect(await page.evaluate(() => "canary" in window)).toBe(false);
  expect(asked.filter((url) => url.includes("canary"))).toEqual([]);
  expect(asked.filter((url) => !url.startsWith(opsbook.url) && /^https?:/.test(url))).toEqual([]);
});

test("[part of 3.5-rich-output] an update changes every place that shows the display", async ({
  notebook,
  opsbook,
}) => {
  await notebook.open(
    opsbook.add("update.ipynb", [
      'const shown = display("one", { id: "both" })',
      'display("two", { id: "both" }); 1',
      'shown.update("three")',
      'console.log("gone"); clearOutput({ wait: true }); console.log("stays")',
    ]),
  );
  await notebook.runAll();
  await notebook.finished(3);
  await expect(notebook.cell(0)).toContainText("'three'");
  await expect(notebook.cell(1)).toContainText("'three'");
  await expect(notebook.cell(3).locator(".nb-log")).toHaveText("stays");
});

for (const theme of ["dark", "light"] as const) {
  test(`drawn things look right: ${theme}`, async ({ browser, login, opsbook }) => {
    const path = opsbook.add(`drawn-${theme}.ipynb`, [
      ...RICH,
      'show.chart([{ host: "web1", ok: 40, failed: 3 }, { host: "web2", ok: 38, failed: 9 }], { y: ["ok", "failed"], mark: "bar", height: 120 }); show.html("<h3>From HTML</h3><p>in its frame</p>")',
    ]);
    const context = await browser.newContext({
      ...{ storageState: login, baseURL: opsbook.url, colorScheme: theme },
      viewport: { width: 1280, height: 1300 },
    });
    const page = await context.newPage();
    const view = new NotebookPage(page);
    await view.open(path);
    await view.runAll();
    await view.finished(3);
    await expect(view.cell(0).locator(".nb-chart svg")).toBeVisible({ timeout: 60_000 });
    await expect(view.cell(1).getByRole("img").first()).toBeVisible({ timeout: 60_000 });
    await expect(view.cell(2).locator(".katex").first()).toBeVisible({ timeout: 60_000 });
    await expect(view.cell(3).locator(".nb-chart svg")).toBeVisible({ timeout: 60_000 });
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: join(SCREENS, `drawn-${theme}.png`) });
    await context.close();
  });
}
