import type { Locator, Page } from "@playwright/test";
import { expect, test } from "./harness/fixtures.ts";
import { readCells } from "./harness/notebook-file.ts";

/** The first answer waits for the compiler to start, on a machine that may be busy. */
const FIRST = { timeout: 60_000 };

/** The compiler has looked at a notebook as soon as this is marked; questions are answered from then on. */
const WRONG = 'const wrong: number = "";';

const suggestions = (page: Page): Locator => page.locator(".suggest-widget.visible .monaco-list-row");

test("[3.3-intelligence] a variable of an earlier cell is completed, and a wrong argument is underlined before it runs", async ({
  notebook,
  opsbook,
  page,
}) => {
  const path = opsbook.add("intelligence.ipynb", [
    'const hosts = [{ hostName: "web1", cpuLoad: 3.2 }];\nfunction restart(host: string, tries: number) {\n  return `${host} ${tries}`;\n}',
    'restart("web1", "3")',
    "",
  ]);
  await notebook.open(path);

  // Told on the cell that is only read, with words, before anything ran.
  const mark = notebook.cell(1).getByRole("button", { name: /1 problem in this cell: Argument of type 'string'/ });
  await expect(mark).toBeVisible(FIRST);
  await expect(notebook.cell(0).getByRole("button", { name: /problem/ })).toHaveCount(0);
  await expect(notebook.cell(1)).toHaveAttribute("data-state", "idle");
  const underlined = () =>
    page.evaluate(() => [...(CSS.highlights.get("nb-error") ?? [])].map((range) => String(range)));
  await expect.poll(underlined).toEqual(['"3"']);

  // The mark leads to it, and the editor underlines the same.
  await mark.click();
  await notebook.editorFocused();
  await expect(notebook.cell(1).locator(".squiggly-error")).toBeVisible();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  for (const _ of '"3"') await page.keyboard.press("Backspace");
  await page.keyboard.insertText("3");
  await expect(notebook.cell(1).locator(".squiggly-error")).toHaveCount(0);
  await expect(mark).toHaveCount(0);

  // Names of the first cell in the third, by what they are.
  await notebook.edit(2);
  await page.keyboard.type("ho");
  await expect(suggestions(page).first()).toContainText("hosts");
  await page.keyboard.press("Enter");
  await expect(page.locator(".suggest-widget.visible")).toHaveCount(0);
  await page.keyboard.type("[0]!.");
  await expect(suggestions(page)).toHaveText([/cpuLoad/, /hostName/]);
  await page.keyboard.press("Enter");
  await expect.poll(() => readCells(opsbook.file(path))).toContain("hosts[0]!.cpuLoad");
  await page.keyboard.press("Escape");
  expect(await notebook.cells.evaluateAll((cells) => cells.map((cell) => cell.getAttribute("data-state")))).toEqual([
    "idle",
    "idle",
    "idle",
  ]);
});

test("[part of 3.3-intelligence] documentation of a helper on hover, its parameters while they are typed", async ({
  notebook,
  opsbook,
  page,
}) => {
  const path = opsbook.add("hover.ipynb", [
    'await http.get("http://127.0.0.1")',
    "/** Adds. */ function add(a: number, b: number) { return a + b }",
    "",
  ]);
  await notebook.open(path);
  await notebook.edit(0);
  const get = notebook.cell(0).locator(".view-line span span", { hasText: "get" }).first();
  const hover = page.locator(".monaco-hover:visible");
  await expect(async () => {
    await page.mouse.move(5, 5);
    await get.hover();
    await expect(hover).toContainText("Http.get(url: string", { timeout: 3000 });
  }).toPass(FIRST);
  await expect(hover).toContainText("example");

  await notebook.edit(2);
  await page.keyboard.type("add(1, ");
  const signature = page.locator(".parameter-hints-widget.visible");
  await expect(signature).toContainText("add(a: number, b: number): number");
  await expect(signature.locator(".parameter.active")).toHaveText("b: number");
  await expect(signature).toContainText("Adds.");
});

test("[part of 3.3-intelligence] F12 and Ctrl-click go to where a name is declared, also in another cell", async ({
  notebook,
  opsbook,
  page,
}) => {
  const path = opsbook.add("definition.ipynb", ["const first = 1;\nlet total = first;", "total + first", WRONG]);
  await notebook.open(path);
  await expect(notebook.cell(2).getByRole("button", { name: /1 problem/ })).toBeVisible(FIRST);
  await notebook.edit(1);
  await page.keyboard.press("Home");
  await page.keyboard.press("F12");
  await expect(notebook.cell(0).locator(".monaco-editor :focus")).toHaveCount(1, FIRST);
  await page.keyboard.type("x");
  await expect
    .poll(() => readCells(opsbook.file(path)))
    .toEqual(["const first = 1;\nlet xtotal = first;", "total + first", WRONG]);
  await page.keyboard.press("Backspace");

  await notebook.edit(1);
  // The last letter of the line.
  const line = notebook.cell(1).locator(".view-line > span");
  const box = (await line.boundingBox())!;
  await line.click({ modifiers: ["Control"], position: { x: box.width - 4, y: box.height / 2 } });
  await expect(notebook.cell(0).locator(".monaco-editor :focus")).toHaveCount(1);
  await page.keyboard.type("y");
  await expect
    .poll(() => readCells(opsbook.file(path)))
    .toEqual(["const yfirst = 1;\nlet total = first;", "total + first", WRONG]);
});

test("[part of 3.3-intelligence] F2 renames over three cells, each undone by itself", async ({
  notebook,
  opsbook,
  page,
}) => {
  const sources = ["let total = 1;", "total = total + 1;\nconst o = { total };", "console.log(total, `${total}`);"];
  const path = opsbook.add("rename.ipynb", sources);
  await notebook.open(path);
  await notebook.edit(1);
  await page.keyboard.press("Control+Home");
  const box = page.locator(".rename-box:visible input");
  await expect(async () => {
    await page.keyboard.press("F2");
    await expect(box).toBeVisible({ timeout: 3000 });
  }).toPass(FIRST);
  await box.fill("sum");
  await page.keyboard.press("Enter");
  await expect
    .poll(() => readCells(opsbook.file(path)), FIRST)
    .toEqual(["let sum = 1;", "sum = sum + 1;\nconst o = { total: sum };", "console.log(sum, `${sum}`);"]);
  await notebook.editorFocused();
  await page.keyboard.press("Control+z");
  await expect.poll(async () => (await readCells(opsbook.file(path)))[1]).toBe(sources[1]);
});

test("[part of 3.3-intelligence] property names of a parsed JSON come from the running kernel", async ({
  notebook,
  opsbook,
  page,
}) => {
  const path = opsbook.add("live.ipynb", [
    `const answer = JSON.parse('{"items":[{"podName":"api-1","restarts":3}]}');`,
    "",
  ]);
  await notebook.open(path);
  await notebook.runAll();
  await notebook.finished(0);
  await notebook.edit(1);
  await expect(async () => {
    await page.keyboard.press("Control+A");
    await page.keyboard.press("Backspace");
    await page.keyboard.type("answer.items[0].");
    await expect(suggestions(page).first()).toContainText("podName", { timeout: 5000 });
  }).toPass(FIRST);
  await expect(suggestions(page).nth(1)).toContainText("restarts");
  await expect(suggestions(page).first()).toContainText("live");
  await page.keyboard.press("Enter");
  await expect.poll(() => readCells(opsbook.file(path))).toContain("answer.items[0].podName");
});
