import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "./harness/fixtures.ts";
import type { Opsbook } from "./harness/opsbook.ts";

const SCREENS = join(import.meta.dirname, "../test-results/screens");

const CELLS = ["const region = 'eu-west-1';\nconst hosts = 24;", "const limit = 3;", "const paused = false;"];

/** Somebody writes the file while the page has something unsaved: the two meet at the next save. */
async function changeOutside(opsbook: Opsbook, path: string): Promise<void> {
  const text = await opsbook.read(path);
  writeFileSync(
    opsbook.file(path),
    text.replace("eu-west-1", "us-east-2").replace("const limit = 3;", "const limit = 30;"),
  );
}

test("a file changed outside while nothing is unsaved is followed, and the caret stays", async ({
  notebook,
  opsbook,
}) => {
  const path = opsbook.add("followed.ipynb", CELLS);
  await notebook.open(path);
  await notebook.saved();
  await notebook.edit(2);
  await notebook.page.keyboard.press("Control+End");
  await changeOutside(opsbook, path);
  await expect(notebook.cell(1)).toContainText("limit = 30");
  await expect(notebook.cell(0)).toContainText("us-east-2");
  await notebook.editorFocused();
  await notebook.page.keyboard.type(" // still here");
  await expect(notebook.cell(2)).toContainText("const paused = false; // still here");
});

for (const theme of ["dark", "light"] as const)
  test(`two versions are compared and chosen from, cell by cell (${theme})`, async ({ browser, login, opsbook }) => {
    const path = opsbook.add(`conflict-${theme}.ipynb`, CELLS);
    const context = await browser.newContext({
      storageState: login,
      baseURL: opsbook.url,
      colorScheme: theme,
      viewport: { width: 1280, height: 800 },
    });
    const page = await context.newPage();
    await page.goto(`/#/notebooks/${path}`);
    const cells = page.locator("[data-notebook]:visible li[data-cell]");
    await expect(cells).toHaveCount(3);
    await expect(page.getByRole("contentinfo").or(page.getByLabel("Status"))).toContainText("Saved");
    // Typing goes on until the change was met by a save, so that it meets something unsaved however slow this machine is.
    await cells.nth(0).locator(".nb-code").click();
    await expect(cells.nth(0).locator(".monaco-editor :focus")).toHaveCount(1);
    await page.keyboard.press("Control+End");
    await page.keyboard.type(" // mine");
    await changeOutside(opsbook, path);
    const banner = page.getByRole("alert").filter({ hasText: "two versions" });
    await expect(async () => {
      await page.keyboard.type("!");
      await expect(banner).toBeVisible({ timeout: 200 });
    }).toPass();
    await page.screenshot({ path: join(SCREENS, `conflict-banner-${theme}.png`) });
    await banner.getByRole("button", { name: "Compare and choose" }).click();
    const dialog = page.getByRole("dialog", { name: "Choose between two versions" });
    await expect(dialog.locator(".conflict-change").first()).toBeFocused();
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: join(SCREENS, `conflict-${theme}-1280.png`) });
    await page.setViewportSize({ width: 1920, height: 1080 });
    await page.screenshot({ path: join(SCREENS, `conflict-${theme}-1920.png`) });
    // By keys: both of the first cell, the other version of the second.
    await page.keyboard.press("b");
    await page.keyboard.press("n");
    await page.keyboard.press("o");
    await expect(dialog.getByRole("group", { name: /Cell 1/ }).getByLabel("Keep both")).toBeChecked();
    await expect(dialog.getByRole("group", { name: /Cell 2/ }).getByLabel("Take the other version")).toBeChecked();
    await dialog.getByRole("button", { name: "Apply" }).click();
    await expect(dialog).toBeHidden();
    await expect(banner).toBeHidden();
    await expect(cells).toHaveCount(4);
    await expect(cells.nth(0)).toContainText("// mine");
    await expect(cells.nth(1)).toContainText("us-east-2");
    await expect(cells.nth(2)).toContainText("limit = 30");
    await expect(cells.nth(3)).toContainText("paused");
    await expect(async () => expect(await opsbook.read(path)).toContain("const limit = 30;")).toPass();
    await context.close();
  });
