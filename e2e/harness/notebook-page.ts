import { expect, type Locator, type Page } from "@playwright/test";

/** A notebook as a person meets it in the page: by roles, labels and keys. */
export class NotebookPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Of the notebook in front; others may be open behind it. */
  get cells(): Locator {
    return this.page.locator("[data-notebook]:visible li[data-cell]");
  }

  cell(index: number): Locator {
    return this.cells.nth(index);
  }

  async login(url: string): Promise<void> {
    await this.page.goto(url);
    await expect(
      this.page.getByRole("tree", { name: "Files" }).or(this.page.getByText("This folder is empty")),
    ).toBeVisible();
  }

  /** By its address, as a link from a colleague does. */
  async open(path: string): Promise<void> {
    await this.page.goto(`/#/notebooks/${path}`);
    await expect(this.page.locator(`[data-notebook="${path}"]:visible li[data-cell]`).first()).toBeVisible();
  }

  /** In command mode, by a click beside its text. */
  async select(index: number): Promise<void> {
    await this.cell(index).locator(".nb-in").click();
    await expect(this.cell(index)).toBeFocused();
  }

  async runAll(): Promise<void> {
    await this.page.getByRole("toolbar", { name: "Notebook" }).getByRole("button", { name: "Run all" }).click();
  }

  async finished(index: number, state: "ok" | "failed" = "ok"): Promise<void> {
    await expect(this.cell(index)).toHaveAttribute("data-state", state, { timeout: 60_000 });
  }

  async create(): Promise<void> {
    await this.page.getByRole("button", { name: "New notebook" }).first().click();
    await expect(this.cells).toHaveCount(1);
  }

  /** Clicks into the cell's text and waits for the editor, so that no key is lost on the way. */
  async edit(index: number): Promise<void> {
    const editor = this.cell(index).locator(".monaco-editor");
    await this.cell(index).locator(".nb-code").or(editor).first().click();
    await expect(editor).toBeVisible();
    await this.editorFocused();
  }

  /** Until keys go to the editor of some cell. */
  async editorFocused(): Promise<void> {
    await expect(this.page.locator("li[data-cell] .monaco-editor :focus")).toHaveCount(1);
  }

  /** Replaces the cell's text by typing over it. */
  async write(index: number, source: string): Promise<void> {
    await this.edit(index);
    await this.page.keyboard.press("Control+A");
    // Inserted as one piece: an editor that closes brackets by itself would change typed ones.
    await this.page.keyboard.insertText(source);
  }

  async run(index: number): Promise<void> {
    await this.page.keyboard.press("Control+Enter");
    await expect(this.cell(index)).not.toHaveAttribute("data-state", "idle");
  }

  /** At the end of the notebook. */
  async addBelow(): Promise<void> {
    const before = await this.cells.count();
    await this.page.getByRole("button", { name: "Code", exact: true }).last().click();
    await expect(this.cells).toHaveCount(before + 1);
  }

  async saved(): Promise<void> {
    await expect(this.page.getByRole("contentinfo").or(this.page.getByLabel("Status"))).toContainText("Saved");
  }
}
