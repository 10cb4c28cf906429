import { existsSync } from "node:fs";
import { expect, test } from "./harness/fixtures.ts";

test("[part of 3.5-files] folders and notebooks are made, renamed and deleted in the explorer", async ({
  opsbook,
  page,
}) => {
  const { keyboard } = page;
  opsbook.add("first.ipynb", ["1"]);
  await page.goto("/");
  const tree = page.getByRole("tree", { name: "Files" });
  const row = (name: string) => tree.getByRole("treeitem", { name });
  await expect(row("first.ipynb")).toBeVisible();
  const choose = async (name: string, item: string) => {
    await row(name).click({ button: "right" });
    await page.getByRole("menuitem", { name: item }).click();
  };

  await page.getByRole("button", { name: "New folder" }).first().click();
  await expect(tree.getByRole("textbox")).toBeFocused();
  await keyboard.press("Control+A");
  await keyboard.type("runbooks\n");
  await expect(row("runbooks")).toBeVisible();
  await expect.poll(() => existsSync(opsbook.file("runbooks"))).toBe(true);

  // Into the selected folder; F2 selects the name without its ending.
  await row("runbooks").click();
  await page.getByRole("button", { name: "New notebook" }).first().click();
  await expect(page.locator("li[data-cell]")).toHaveCount(1);
  await expect(row("Untitled.ipynb")).toBeVisible();
  await row("Untitled.ipynb").click();
  await keyboard.press("F2");
  await expect(tree.getByRole("textbox")).toBeFocused();
  await keyboard.type("disk-full\n");
  await expect(row("disk-full.ipynb")).toBeVisible();
  await expect.poll(() => existsSync(opsbook.file("runbooks/disk-full.ipynb"))).toBe(true);
  expect(existsSync(opsbook.file("runbooks/Untitled.ipynb"))).toBe(false);
  await expect(page.getByRole("tab", { name: /disk-full/ }).first()).toBeVisible();

  // A name with a slash is refused in the field; Escape leaves it as it was.
  await choose("first.ipynb", "Rename");
  await expect(tree.getByRole("textbox")).toBeFocused();
  await keyboard.type("../outside\n");
  await expect(tree.getByRole("textbox")).toHaveAttribute("aria-invalid", "true");
  await keyboard.press("Escape");
  await expect(row("first.ipynb")).toBeVisible();

  await choose("first.ipynb", "Delete");
  const dialog = page.getByRole("alertdialog").or(page.getByRole("dialog"));
  await expect(dialog).toContainText("first.ipynb");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(row("first.ipynb")).toHaveCount(0);
  await expect.poll(() => existsSync(opsbook.file("first.ipynb"))).toBe(false);
});

test("[part of 3.5-files] a notebook that is renamed while it is open keeps its kernel and its tab", async ({
  notebook,
  opsbook,
  page,
}) => {
  await notebook.open(opsbook.add("old-name.ipynb", ['const kept = "same kernel";', "kept"]));
  await notebook.select(0);
  await notebook.run(0);
  await notebook.finished(0);
  await page.getByRole("treeitem", { name: "old-name.ipynb" }).focus();
  await page.keyboard.press("F2");
  await page.keyboard.type("new-name\n");
  await expect(page.getByRole("tab", { name: /new-name/ }).first()).toBeVisible();
  await expect(page).toHaveURL(/new-name\.ipynb$/);
  await notebook.select(1);
  await notebook.run(1);
  await notebook.finished(1);
  await expect(notebook.cell(1)).toContainText("same kernel");
  await notebook.saved();
  expect(existsSync(opsbook.file("new-name.ipynb"))).toBe(true);
  expect(existsSync(opsbook.file("old-name.ipynb"))).toBe(false);
});
