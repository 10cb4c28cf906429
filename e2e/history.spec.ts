import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { readCells } from "./harness/notebook-file.ts";
import { NotebookPage } from "./harness/notebook-page.ts";
import { Opsbook } from "./harness/opsbook.ts";

let opsbook: Opsbook;
let context: BrowserContext;
let notebook: NotebookPage;
let page: Page;

test.beforeEach(async ({ browser }) => {
  opsbook = await Opsbook.start();
  context = await browser.newContext({ baseURL: opsbook.url });
  page = await context.newPage();
  notebook = new NotebookPage(page);
  await notebook.login(await opsbook.loginUrl());
});

test.afterEach(async () => {
  await context?.close();
  await opsbook?.[Symbol.asyncDispose]();
});

async function checkpoint(name: string) {
  await page.keyboard.press("Control+s");
  const dialog = page.getByRole("dialog", { name: "New checkpoint" });
  await dialog.getByLabel("Name").fill(name);
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
}

async function replaceText(index: number, text: string) {
  await notebook.edit(index);
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
  await page.keyboard.press("Escape");
}

test("[part of 3.5-snapshots] a checkpoint by keys, a change, the difference, a restore that others see, and its undo", async ({
  browser,
}) => {
  const path = opsbook.add("disk.ipynb", [
    { markdown: "# Disk is full" },
    "const limit = 80;\nconsole.log('limit', limit);",
    "'kept as it is'",
  ]);
  await notebook.open(path);
  await notebook.select(1);
  await notebook.run(1);
  await notebook.finished(1);
  await checkpoint("before the change");

  await replaceText(1, "const limit = 95;\nconsole.log('limit', limit);");
  await notebook.run(1);
  await expect(notebook.cell(1)).toContainText("limit 95");
  await notebook.select(2);
  await page.keyboard.press("b");
  await replaceText(3, "42 // a new cell");
  const changed = [
    "markdown: # Disk is full",
    "const limit = 95;\nconsole.log('limit', limit);",
    "'kept as it is'",
    "42 // a new cell",
  ];
  await expect.poll(() => readCells(opsbook.file(path))).toEqual(changed);

  await page.keyboard.press("Control+Shift+h");
  const history = page.getByRole("complementary", { name: "Side bar" });
  await expect(history.getByRole("region", { name: "Timeline" })).toContainText("Checkpoint “before the change”");
  await expect(history.getByRole("region", { name: "Timeline" })).toContainText("Ran a cell");
  await history.getByRole("button", { name: "before the change", exact: true }).click();
  const differences = page.getByRole("region", { name: "Differences" });
  await expect(differences.getByRole("status")).toHaveText("Cells: 1 changed, 1 added.");
  await expect(differences.locator("mark").first()).toHaveText("80");
  // N and P go from change to change without the mouse.
  await page.keyboard.press("n");
  await expect(differences.getByRole("article", { name: /Code cell 2, changed/ })).toBeFocused();
  await page.keyboard.press("n");
  await expect(differences.getByRole("article", { name: /Code cell 4, added/ })).toBeFocused();
  await page.keyboard.press("p");
  await expect(differences.getByRole("article", { name: /Code cell 2, changed/ })).toBeFocused();

  const others = await browser.newContext({ baseURL: opsbook.url });
  const other = new NotebookPage(await others.newPage());
  await other.login(await opsbook.loginUrl());
  await other.open(path);
  await expect(other.cells).toHaveCount(4);

  const toolbar = page.getByRole("toolbar", { name: "Comparison" });
  await toolbar.getByRole("button", { name: "Restore…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Restore" }).click();
  await expect(other.cells).toHaveCount(3);
  await expect(other.cell(1)).toContainText("limit 80");
  const before = ["markdown: # Disk is full", "const limit = 80;\nconsole.log('limit', limit);", "'kept as it is'"];
  await expect.poll(() => readCells(opsbook.file(path))).toEqual(before);
  await expect(differences).toContainText("No difference");

  await toolbar.getByRole("button", { name: "Notebook" }).click();
  await notebook.select(1);
  await page.keyboard.press("z");
  await expect(other.cells).toHaveCount(4);
  await expect(other.cell(1)).toContainText("limit 95");
  await expect.poll(() => readCells(opsbook.file(path))).toEqual(changed);
  await notebook.select(1);
  await page.keyboard.press("Shift+Z");
  await expect(other.cells).toHaveCount(3);
  await others.close();
});

test("[part of 3.5-snapshots] an open editor follows a restore, and typing goes on in it", async () => {
  const path = opsbook.add("open.ipynb", ["const one = 1;"]);
  await notebook.open(path);
  await notebook.select(0);
  await checkpoint("one");
  await replaceText(0, "const two = 2;");
  await expect.poll(() => readCells(opsbook.file(path))).toEqual(["const two = 2;"]);
  const other = await context.newPage();
  const second = new NotebookPage(other);
  await second.open(path);
  await second.edit(0);
  await other.keyboard.press("Control+End");

  await page.keyboard.press("Control+Shift+h");
  await page.getByRole("button", { name: "Actions for one" }).click();
  await page.getByRole("menuitem", { name: "Restore…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Restore" }).click();
  await expect(second.cell(0).locator(".monaco-editor")).toContainText("one");
  await other.keyboard.press("Control+End");
  await other.keyboard.type(" // typed after");
  await expect.poll(() => readCells(opsbook.file(path))).toEqual(["const one = 1; // typed after"]);
  await expect(notebook.cell(0)).toContainText("typed after");
});

test("[part of 3.5-snapshots] a past version is read, one cell of it restored, and a deleted cell brought back", async () => {
  const path = opsbook.add("past.ipynb", ["'first'", "'second'"]);
  await notebook.open(path);
  await notebook.select(0);
  await notebook.runAll();
  await notebook.finished(1);
  await checkpoint("both ran");
  await replaceText(0, "43");
  await notebook.select(1);
  await page.keyboard.press("d");
  await page.keyboard.press("d");
  await expect(notebook.cells).toHaveCount(1);

  await page.keyboard.press("Control+Shift+h");
  await page.getByRole("button", { name: "Actions for both ran" }).click();
  await page.getByRole("menuitem", { name: "Look at it" }).click();
  const version = page.getByRole("region", { name: "Differences" });
  await expect(version.getByRole("article")).toHaveCount(2);
  await expect(version).toContainText("'second'");
  await version
    .getByRole("article", { name: "Cell 1" })
    .getByRole("button", { name: /Restore cell/ })
    .click();
  await expect.poll(() => readCells(opsbook.file(path))).toEqual(["'first'"]);
  await version
    .getByRole("article", { name: "Cell 2" })
    .getByRole("button", { name: /Copy cell/ })
    .click();
  await expect.poll(() => readCells(opsbook.file(path))).toEqual(["'first'", "'second'"]);

  await page.getByText("Deleted cells (1)").click();
  await page.getByRole("button", { name: "Bring back 'second'" }).click();
  await expect(notebook.cells).toHaveCount(3);
  await expect(notebook.cell(1)).toContainText("'second'");
});

test("[part of 3.5-snapshots] the notebook is compared with its last commit and with another; run all anew keeps what was", async () => {
  const path = opsbook.add("committed.ipynb", ["'as committed'"]);
  opsbook.add("other.ipynb", ["'of another notebook'"]);
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: dirname(opsbook.file(path)),
    });
  git("init", "-q");
  git("add", path);
  git("commit", "-qm", "one");
  await notebook.open(path);
  await replaceText(0, "41 // changed since");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("Compare with the last git commit");
  await page.keyboard.press("Enter");
  const differences = page.getByRole("region", { name: "Differences" });
  await expect(differences).toContainText("as committed");
  await expect(differences).toContainText("changed since");
  const toolbar = page.getByRole("toolbar", { name: "Comparison" });
  await toolbar.getByLabel("Before").selectOption("path:other.ipynb");
  await expect(differences).toContainText("of another notebook");

  await toolbar.getByRole("button", { name: "Notebook" }).click();
  await page.getByRole("toolbar", { name: "Notebook" }).getByRole("button", { name: "Restart" }).click();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("Restart the kernel and run all");
  await page.keyboard.press("Enter");
  await page.getByRole("alertdialog").getByRole("button", { name: "Restart" }).click();
  await notebook.finished(0);
  await page.keyboard.press("Control+Shift+h");
  await expect(page.getByRole("region", { name: "Checkpoints" })).toContainText("Before a restart");
  await expect(page.getByRole("region", { name: "Timeline" })).toContainText("Restarted the kernel");
});
