import { join } from "node:path";
import type { Browser, Page } from "@playwright/test";
import { expect, test } from "./harness/fixtures.ts";
import { NotebookPage } from "./harness/notebook-page.ts";
import type { Opsbook } from "./harness/opsbook.ts";

const SCREENS = join(import.meta.dirname, "../test-results/screens");

async function secondPerson(browser: Browser, opsbook: Opsbook): Promise<NotebookPage> {
  const context = await browser.newContext({ baseURL: opsbook.url, storageState: { cookies: [], origins: [] } });
  const other = new NotebookPage(await context.newPage());
  await other.login(await opsbook.loginUrl());
  return other;
}

const runCell = async (page: Page) => page.keyboard.press("Control+Enter");

test("[part of 3.5-widgets] clicks answer each kind of question, and what was answered stays to read", async ({
  notebook,
  opsbook,
}) => {
  await notebook.open(
    opsbook.add("widgets.ipynb", [
      'const host = await ui.choose(["web1", "web2"], { title: "Which host?" }); host',
      'await ui.confirm("Restart it?")',
      'await ui.button("Go on"); "went on"',
      '(await ui.choose(Array.from({ length: 40 }, (_, i) => "zone-" + i), { title: "Zone" }))',
      '(await ui.table([{ pod: "a-1", node: "n1" }, { pod: "b-2", node: "n2" }], { title: "Which pods?", many: true })).map(({ node }) => node).join()',
    ]),
  );
  await notebook.runAll();
  const choose = notebook.cell(0).getByRole("form", { name: "Which host?" });
  await choose.getByRole("button", { name: "Answer" }).click();
  await expect(choose.getByRole("alert")).toHaveText("Please fill this in.");
  await choose.getByLabel("web2").check();
  await choose.getByRole("button", { name: "Answer" }).click();
  await notebook.finished(0);
  await expect(choose).toHaveCount(0);
  await expect(notebook.cell(0)).toContainText("Which host?");
  await expect(notebook.cell(0)).toContainText("'web2'");

  await notebook.cell(1).getByRole("form", { name: "Restart it?" }).getByRole("button", { name: "No" }).click();
  await notebook.finished(1);
  await expect(notebook.cell(1)).toContainText("false");
  await notebook.cell(2).getByRole("button", { name: "Go on" }).click();
  await notebook.finished(2);
  await expect(notebook.cell(2)).toContainText("went on");
  await notebook.cell(3).getByRole("combobox", { name: "Zone" }).selectOption("zone-33");
  await notebook.cell(3).getByRole("button", { name: "Answer" }).click();
  await expect(notebook.cell(3)).toContainText("'zone-33'");
  await notebook.cell(4).getByRole("checkbox", { name: "b-2" }).check();
  await notebook.cell(4).getByRole("cell", { name: "n1" }).click();
  await notebook.cell(4).getByRole("button", { name: "Answer" }).click();
  await notebook.finished(4);
  await expect(notebook.cell(4)).toContainText("'n1,n2'");
});

const FORM = `const plan = await ui.form({ title: "Roll out", required: ["version"], properties: {
  version: { type: "string", title: "Version", description: "As it is tagged" },
  batch: { type: "integer", title: "Hosts at a time", minimum: 1, maximum: 9, default: 3 },
  zones: { type: "array", title: "Zones", enum: ["eu-a", "eu-b", "eu-c"], default: ["eu-a"] },
  strategy: { type: "string", title: "Strategy", enum: ["rolling", "blue-green"], default: "rolling" },
  token: { type: "string", title: "Token", secret: true },
  note: { type: "string", title: "Why", multiline: true },
  dry: { type: "boolean", title: "Dry run", default: true },
} }, { submit: "Roll out" }); JSON.stringify(plan)`;

test("[part of 3.5-widgets] a form is filled by keyboard, outlives a reload, and a second browser sees the answer", async ({
  notebook,
  opsbook,
  browser,
  page,
}) => {
  await notebook.open(opsbook.add("form.ipynb", [FORM]));
  await notebook.select(0);
  await runCell(page);
  const form = notebook.cell(0).getByRole("form", { name: "Roll out" });
  await expect(form.getByLabel("Version")).toBeFocused();
  await page.reload();
  await expect(form).toBeVisible({ timeout: 60_000 });
  const other = await secondPerson(browser, opsbook);
  await other.open("form.ipynb");
  await expect(other.cell(0).getByRole("form", { name: "Roll out" })).toBeVisible();

  await form.getByLabel("Version").focus();
  await page.keyboard.type("1.43.0");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("12");
  await page.keyboard.press("Enter");
  await expect(form.getByRole("alert")).toHaveText("At most 9.");
  await expect(form.getByLabel("Hosts at a time")).toBeFocused();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("2");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await form.getByLabel("Token").fill("hunter2-canary");
  await form.getByRole("button", { name: "Roll out" }).press("Enter");
  await notebook.finished(0);
  const text = "Version: 1.43.0 · Hosts at a time: 2 · Zones: eu-a, eu-b · Strategy: rolling · Token: ••••";
  await expect(notebook.cell(0)).toContainText(text);
  await expect(other.cell(0)).toContainText(text);
  await expect(other.cell(0).getByRole("form")).toHaveCount(0);
  await expect(notebook.cell(0)).toContainText("Secret(token)");
  await notebook.saved();
  expect(await opsbook.read("form.ipynb")).not.toContain("hunter2-canary");
  await other.page.context().close();
});

test("[part of 3.5-widgets] a viewer sees the question and cannot answer it", async ({ notebook, opsbook, page }) => {
  const path = opsbook.add("viewer.ipynb", ['await ui.choose(["web1", "web2"], { title: "Which host?" })']);
  await notebook.open(path);
  await notebook.runAll();
  await expect(notebook.cell(0).getByRole("form")).toBeVisible();
  // The page as it is for a viewer: the server says the role in its first frame.
  await page.routeWebSocket(/sessions\/.*\/socket/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) =>
      socket.send(
        typeof message === "string" ? message.replace('"role":"admin","last', '"role":"viewer","last') : message,
      ),
    );
  });
  await page.reload();
  const form = notebook.cell(0).getByRole("form");
  await expect(form).toContainText("A runner can answer it.", { timeout: 60_000 });
  await expect(form.getByLabel("web1")).toBeDisabled();
  await expect(form.getByRole("button", { name: "Answer" })).toBeDisabled();
});

test("[part of 3.5-widgets] a bar moves in its place, and stays when it is done", async ({ notebook, opsbook }) => {
  await notebook.open(
    opsbook.add("bar.ipynb", [
      'for (const n of ui.progress(Array.from({ length: 300 }, (_, i) => i), { label: "copy" })) if (n % 100 === 0) await new Promise((go) => setTimeout(go, 250));',
    ]),
  );
  await notebook.runAll();
  const bar = notebook.cell(0).getByRole("progressbar", { name: "copy" });
  await expect(bar).toBeVisible();
  await notebook.finished(0);
  await expect(bar).toHaveCount(1);
  await expect(bar).toHaveAttribute("value", "1");
  await expect(notebook.cell(0)).toContainText("300 of 300 · 100 % · done");
});

for (const theme of ["dark", "light"] as const) {
  test(`questions look right: ${theme}`, async ({ browser, login, opsbook }) => {
    const path = opsbook.add(`ask-${theme}.ipynb`, [
      'await ui.choose(["web1", "web2"], { title: "Which host?" }); const bar = ui.progress("copy", { total: 10 }); bar.update(4)',
      FORM,
      'await ui.table([{ pod: "api-7f", node: "n1", restarts: 4 }, { pod: "web-2c", node: "n2", restarts: 0 }], { title: "Which pod?" })',
    ]);
    for (const width of [1280, 1920]) {
      const context = await browser.newContext({
        ...{ storageState: login, baseURL: opsbook.url, colorScheme: theme },
        viewport: { width, height: 1000 },
      });
      const page = await context.newPage();
      const view = new NotebookPage(page);
      await view.open(path);
      if (width === 1280) {
        await view.runAll();
        const form = view.cell(0).getByRole("form");
        await form.getByLabel("web1").check();
        await form.getByRole("button", { name: "Answer" }).click();
      }
      const form = view.cell(1).getByRole("form");
      await form.getByRole("button", { name: "Roll out" }).click();
      await expect(form.getByRole("alert")).toBeVisible();
      await page.evaluate(() => document.fonts.ready);
      await page.screenshot({ path: join(SCREENS, `widgets-${theme}-${width}.png`) });
      if (width === 1920) {
        await form.getByLabel("Version").fill("1.43.0");
        await form.getByRole("button", { name: "Roll out" }).click();
        await expect(view.cell(2).getByRole("form")).toBeVisible();
        await view.cell(2).getByRole("radio", { name: "web-2c" }).check();
        await page.screenshot({ path: join(SCREENS, `widgets-${theme}-rows.png`) });
        await view.cell(2).getByRole("button", { name: "Answer" }).click();
        await view.finished(2);
      }
      await context.close();
    }
  });
}
