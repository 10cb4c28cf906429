/** Opsbook and JupyterLab as their pages are driven: addresses, the notebook's language, probes for the stopwatch. */
import type { Page } from "@playwright/test";
import type { Probes } from "./stopwatch.ts";

export interface Product {
  name: string;
  kernelspec: { name: string; display_name: string; language: string };
  /** A loop that prints `line 0` and so on. */
  printing: (count: number) => string;
  /** Under the server's address. */
  home: string;
  notebook: (file: string) => string;
  /** Waits for the page that a login leads to. */
  entered: (page: Page) => Promise<void>;
  /** Puts the focus into a code cell. */
  focus: (page: Page, cell: number) => Promise<void>;
  probes: Probes;
}

export const OPSBOOK: Product = {
  name: "Opsbook",
  kernelspec: { name: "typescript", display_name: "TypeScript", language: "typescript" },
  printing: (count) => `for (let i = 0; i < ${count}; i++) console.log("line", i);`,
  home: "",
  notebook: (file) => `#/notebooks/${file}`,
  entered: (page) => page.getByRole("button", { name: "New notebook" }).first().waitFor(),
  async focus(page, cell) {
    const item = page.getByRole("list", { name: "Cells" }).locator("li[data-cell]").nth(cell);
    await item.locator(".nb-code").click();
    await item.locator(".monaco-editor").waitFor();
    await item
      .locator("textarea:focus, [contenteditable]:focus, .native-edit-context:focus")
      .first()
      .waitFor({ state: "attached" });
  },
  probes: {
    usable: () =>
      [...document.querySelectorAll("button")].some(
        (button) => !button.disabled && /new notebook/i.test(button.ariaLabel ?? button.textContent ?? ""),
      ),
    opened: () => (document.querySelector("li[data-cell] .nb-code")?.textContent ?? "").length > 2,
    runs: (cell) => {
      const item = document.querySelectorAll("li[data-cell]")[cell];
      if (item?.getAttribute("data-state") === "idle") return 0;
      return Number(/, In (\d+), ran without error/.exec(item?.ariaLabel ?? "")?.[1] ?? -1);
    },
    result: (cell, text) => {
      const shown = document.querySelectorAll("li[data-cell]")[cell]?.querySelector("[data-output=execute_result]");
      return shown?.textContent?.trim() === text;
    },
    printed: (cell, count) => {
      const log = document
        .querySelectorAll("li[data-cell]")
        [cell]?.querySelector(`section[aria-label="stdout, ${count.toLocaleString("en-US")} lines"]`);
      return log?.textContent?.trimEnd().endsWith(`line ${count - 1}`) ?? false;
    },
  },
};

export const JUPYTERLAB: Product = {
  name: "JupyterLab",
  kernelspec: { name: "python3", display_name: "Python 3", language: "python" },
  printing: (count) => `for i in range(${count}): print("line", i)`,
  home: "lab",
  // A workspace of its own: otherwise it opens what was open before, too.
  notebook: (file) => `lab/workspaces/${file.replace(/\W/g, "")}/tree/${file}`,
  entered: (page) => page.locator(".jp-LauncherCard").first().waitFor(),
  async focus(page, cell) {
    // Keys that come while it still connects are lost.
    await page
      .getByText(/\| Idle/)
      .first()
      .waitFor();
    await page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".cm-content").click();
    await page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".cm-focused").waitFor();
  },
  probes: {
    usable: () =>
      document.querySelector(".jp-LauncherCard") !== null && document.querySelector("#jupyterlab-splash") === null,
    opened: () =>
      (document.querySelector(".jp-Notebook .jp-CodeCell .cm-content")?.textContent ?? "").length > 2 &&
      document.querySelector("#jupyterlab-splash") === null,
    runs: (cell) => {
      const prompt = document.querySelectorAll(".jp-Notebook .jp-Cell")[cell]?.querySelector(".jp-InputPrompt");
      const text = prompt?.textContent ?? "";
      return /\[\s*\]/.test(text) ? 0 : Number(/\[(\d+)\]/.exec(text)?.[1] ?? -1);
    },
    result: (cell, text) => {
      const item = document.querySelectorAll(".jp-Notebook .jp-Cell")[cell];
      return item?.querySelector(".jp-OutputArea-executeResult pre")?.textContent?.trim() === text;
    },
    printed: (cell, count) => {
      const item = document.querySelectorAll(".jp-Notebook .jp-Cell")[cell];
      const text = [...(item?.querySelectorAll(".jp-OutputArea-output pre") ?? [])].at(-1);
      if (!text?.lastChild?.textContent?.trimEnd().endsWith(`line ${count - 1}`)) return false;
      return text.textContent?.trimEnd().split("\n").length === count;
    },
  },
};
