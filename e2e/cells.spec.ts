import type { Browser, BrowserContextOptions } from "@playwright/test";
import { expect, test } from "./harness/fixtures.ts";
import { readCells } from "./harness/notebook-file.ts";
import { NotebookPage } from "./harness/notebook-page.ts";

test("[part of 3.5-cells] cells are added, written, moved, copied, deleted, brought back and run by keys alone", async ({
  notebook,
  opsbook,
  page,
}) => {
  const { keyboard } = page;
  const path = opsbook.add("keys.ipynb", ["1", "2", "3"]);
  const cells = () => readCells(opsbook.file(path));
  const press = async (...keys: string[]) => {
    for (const key of keys) await keyboard.press(key);
  };
  const write = async (text: string) => {
    await keyboard.press("Enter");
    await notebook.editorFocused();
    await keyboard.insertText(text);
    await keyboard.press("Escape");
  };
  await notebook.open(path);
  await expect(notebook.cell(0)).toBeFocused();

  // b, a: below and above; Enter to write, Escape to leave.
  await press("b");
  await expect(notebook.cell(1)).toBeFocused();
  await write("20 + 1");
  await expect(notebook.cell(1)).toBeFocused();
  await press("a");
  await write("above");
  await press("m");
  await expect(notebook.cell(1)).toHaveAttribute("data-type", "markdown");
  await expect.poll(cells).toEqual(["1", "markdown: above", "20 + 1", "2", "3"]);

  // y makes it code again, j and k walk, d d deletes, z brings back.
  await press("y", "j", "j", "k", "d", "d");
  await expect(notebook.cells).toHaveCount(4);
  await expect.poll(cells).toEqual(["1", "above", "2", "3"]);
  await press("z");
  await expect(notebook.cells).toHaveCount(5);
  await expect.poll(cells).toEqual(["1", "above", "20 + 1", "2", "3"]);

  // Up and down, several at a time; the undo of command mode takes moves back too.
  await notebook.select(1);
  await press("Shift+j", "Alt+ArrowUp");
  await expect.poll(cells).toEqual(["above", "20 + 1", "1", "2", "3"]);
  await press("Control+z");
  await expect.poll(cells).toEqual(["1", "above", "20 + 1", "2", "3"]);
  await press("Control+Shift+z");
  await expect.poll(cells).toEqual(["above", "20 + 1", "1", "2", "3"]);

  // c, x, v: copies are cells of their own.
  await notebook.select(1);
  await press("c", "j", "v");
  await expect.poll(cells).toEqual(["above", "20 + 1", "1", "20 + 1", "2", "3"]);
  await press("x");
  await expect.poll(cells).toEqual(["above", "20 + 1", "1", "2", "3"]);
  await notebook.select(0);
  await press("d", "d");

  // The three ways to run.
  await expect(notebook.cell(0)).toBeFocused();
  await press("Control+Enter");
  await notebook.finished(0);
  await expect(notebook.cell(0)).toBeFocused();
  await press("Shift+Enter");
  await expect(notebook.cell(1)).toBeFocused();
  await press("Alt+Enter");
  await notebook.editorFocused();
  await keyboard.insertText("new below");
  await press("Escape");
  await notebook.finished(1);
  await expect(notebook.cell(0)).toContainText("21");
  await expect.poll(cells).toEqual(["20 + 1", "1", "new below", "2", "3"]);
});

test("[part of 3.5-cells] undo in a cell takes back one's own typing and leaves a second person's", async ({
  browser,
  opsbook,
  login,
}) => {
  const path = opsbook.add("undo.ipynb", ["hello\nworld"]);
  const ada = await openAs(browser, { storageState: login, baseURL: opsbook.url }, path);
  const jon = await openAs(browser, { storageState: login, baseURL: opsbook.url }, path);
  await ada.edit(0);
  await ada.page.keyboard.press("Control+End");
  await ada.page.keyboard.insertText("!!!");
  await expect(jon.cell(0)).toContainText("world!!!");
  await jon.edit(0);
  await jon.page.keyboard.press("Control+Home");
  await jon.page.keyboard.insertText("REMOTE ");
  await expect(ada.cell(0)).toContainText("REMOTE hello");
  await ada.page.keyboard.press("Control+z");
  const cells = () => readCells(opsbook.file(path));
  await expect.poll(cells).toEqual(["REMOTE hello\nworld"]);
  await ada.page.keyboard.press("Control+Shift+z");
  await expect.poll(cells).toEqual(["REMOTE hello\nworld!!!"]);
  await jon.page.keyboard.press("Control+z");
  await expect.poll(cells).toEqual(["hello\nworld!!!"]);
  await ada.page.context().close();
  await jon.page.context().close();
});

test("[part of 3.5-cells] what is typed and run at once in a fresh page runs as typed", async ({
  notebook,
  opsbook,
  page,
}) => {
  // The first key opens the editor's code; the text, its document and the run race each other.
  for (let round = 0; round < 3; round++) {
    await notebook.open(opsbook.add(`at-once-${round}.ipynb`, [""]));
    await page.reload();
    await expect(notebook.cell(0)).toBeFocused();
    await page.keyboard.press("Enter");
    await notebook.editorFocused();
    await page.keyboard.insertText("'typed ' + (2 + 3)");
    await page.keyboard.press("Control+Enter");
    await notebook.finished(0);
    await expect(notebook.cell(0).locator(".nb-out")).toContainText("typed 5");
  }
});

test("[part of 3.5-cells] every command is in the palette, every key in the sheet", async ({
  notebook,
  opsbook,
  page,
}) => {
  const { keyboard } = page;
  await notebook.open(opsbook.add("palette.ipynb", ["# a title", "second"]));
  await expect(notebook.cell(0)).toBeFocused();
  await keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Search and commands" });
  await expect(palette.getByRole("combobox")).toBeFocused();
  await keyboard.type("text cell");
  await expect(palette.getByRole("option", { name: /Make it a text cell/ })).toHaveAttribute("aria-selected", "true");
  await keyboard.press("Enter");
  await expect(notebook.cell(0)).toHaveAttribute("data-type", "markdown");
  await expect(notebook.cell(0).getByRole("heading", { name: "a title" })).toBeVisible();
  // A cell is found by its words, and gets the focus.
  await keyboard.press("Control+k");
  await keyboard.type("second");
  await expect(palette.getByRole("option", { name: /second/ })).toHaveAttribute("aria-selected", "true");
  await keyboard.press("Enter");
  await expect(notebook.cell(1)).toBeFocused();
  await keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  for (const words of ["Run and add a cell below", "Add a cell above", "Delete cell", "Next cell"]) {
    await expect(sheet.getByText(words).first()).toBeVisible();
  }
  await keyboard.press("Escape");
  await expect(sheet).toBeHidden();
  await expect(notebook.cell(1)).toBeFocused();
});

async function openAs(browser: Browser, options: BrowserContextOptions, path: string): Promise<NotebookPage> {
  const context = await browser.newContext(options);
  const person = new NotebookPage(await context.newPage());
  await person.open(path);
  return person;
}
