import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "./harness/fixtures.ts";

const SCREENS = join(import.meta.dirname, "../test-results/screens");

/** A folder that may go. */
function oldLogs(): string {
  const folder = join(mkdtempSync(join(tmpdir(), "opsbook-plans-")), "old");
  mkdirSync(join(folder, "logs"), { recursive: true });
  for (const name of ["app.log", "app.log.1"]) writeFileSync(join(folder, "logs", name), "x".repeat(2000));
  return folder;
}

test("[part of 4.1-remove-tree] a plan is seen, applied by a button that asks for the number, once, and goes stale", async ({
  notebook,
  opsbook,
  page,
}) => {
  const folder = oldLogs();
  const source = `await files.removeTree(${JSON.stringify(folder)})`;
  await notebook.open(opsbook.add("plan.ipynb", [source, "1"]));
  await notebook.runAll();
  const plan = notebook.cell(0).getByRole("region", { name: /remove .*old: \d files and folders, 3\.9 KiB/ });
  await expect(plan).toHaveAccessibleName(/: 4 files/);
  await expect(plan.getByRole("listitem")).toHaveCount(4);
  await expect(plan.getByRole("listitem").nth(2)).toContainText(`delete ${folder}/logs/app.log`);
  await plan.getByRole("button", { name: "Apply, deletes 4 …" }).press("Enter");
  await expect(plan.getByLabel(/type how many: 4/)).toBeFocused();
  await page.keyboard.type("3");
  await expect(plan.getByRole("button", { name: "Apply" })).toBeDisabled();
  await page.keyboard.press("Escape");
  expect(existsSync(folder)).toBe(true);
  for (const theme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme: theme as "dark" | "light" });
    await page.screenshot({ path: join(SCREENS, `plan-${theme}.png`) });
  }

  // Somebody else works there meanwhile: what was seen is no longer what would go.
  writeFileSync(join(folder, "new"), "1");
  await plan.getByRole("button", { name: "Apply, deletes 4 …" }).click();
  await page.keyboard.type("4");
  await page.keyboard.press("Enter");
  await notebook.finished(1, "failed");
  await expect(notebook.cell(1)).toContainText("something changed since this plan was made");
  expect(existsSync(folder)).toBe(true);

  await notebook.select(0);
  await page.keyboard.press("Control+Enter");
  await plan.getByRole("button", { name: "Apply, deletes 5 …" }).click();
  await page.keyboard.type("5");
  await page.keyboard.press("Enter");
  await expect.poll(() => existsSync(folder)).toBe(false);
  await notebook.finished(1);
  await expect(notebook.cell(1)).toContainText("count: 5");
});
