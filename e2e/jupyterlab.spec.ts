import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { pythonEnvironment } from "../scripts/components/python.ts";

/*
 * The TypeScript kernel in JupyterLab 4, as `opsbook kernel install` registers it. JupyterLab is big, so this belongs to
 * `npm run test:full`.
 */
test.skip(process.env.OPSBOOK_FULL !== "1", "JupyterLab is installed for npm run test:full only");

const OPSBOOK = join(import.meta.dirname, "../apps/server/opsbook.mjs");
let folder: string;
let lab: ChildProcess;
let address: string;

test.beforeAll(async () => {
  test.setTimeout(600_000);
  const environment = await pythonEnvironment("jupyterlab.requirements.txt");
  test.skip("skip" in environment, "skip" in environment ? environment.skip : "");
  if ("skip" in environment) return;
  folder = mkdtempSync(join(tmpdir(), "opsbook-lab-"));
  execFileSync(process.execPath, [OPSBOOK, "kernel", "install", "--prefix", join(folder, "prefix")]);
  const port = await freePort();
  const options = [
    `--port=${port}`,
    "--no-browser",
    "--allow-root",
    "--ServerApp.root_dir=.",
    "--IdentityProvider.token=test",
  ];
  lab = spawn(
    environment.python,
    [
      "-m",
      "jupyterlab",
      ...options,
      "--LabApp.news_url=",
      "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ],
    {
      cwd: folder,
      env: { ...process.env, HOME: folder, JUPYTER_PATH: join(folder, "prefix/share/jupyter") },
      stdio: "ignore",
    },
  );
  address = `http://127.0.0.1:${port}/lab?token=test`;
  await expect
    .poll(
      () =>
        fetch(address).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeout: 120_000 },
    )
    .toBe(true);
});

test.afterAll(async () => {
  if (lab && lab.exitCode === null) {
    const ended = new Promise((resolve) => lab.once("exit", resolve));
    lab.kill("SIGTERM");
    // It asks before it ends its kernels, and takes a second signal for a yes.
    lab.kill("SIGTERM");
    await ended;
  }
  if (folder) rmSync(folder, { recursive: true, force: true });
});

async function run(page: Page, code: string): Promise<void> {
  const cell = page.locator(".jp-Notebook .jp-CodeCell").last();
  await cell.locator(".cm-content").click();
  await page.keyboard.insertText(code);
  await page.keyboard.press("Shift+Enter");
}

test("[part of 3.5-kernels] JupyterLab runs cells, shows output, interrupts, and asks by input()", async ({ page }) => {
  await page.goto(address);
  const card = page.locator('.jp-LauncherCard[data-category="Notebook"][title="TypeScript"]');
  await card.click({ timeout: 60_000 });
  const output = (n: number) => page.locator(".jp-Notebook .jp-CodeCell").nth(n).locator(".jp-OutputArea");
  await expect(page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')).toBeVisible({ timeout: 60_000 });
  await run(page, "const six: number = 6; six * 7");
  await expect(output(0)).toContainText("42");
  await run(page, "display.html('<b id=\"bold\">bold</b>')");
  await expect(output(1).locator("b")).toHaveText("bold");
  await run(page, "!echo from 'a shell'");
  await expect(output(2)).toContainText("from a shell");
  await run(page, "console.log('begun'); for (;;) {}");
  await expect(output(3)).toContainText("begun");
  await page.keyboard.press("Escape");
  await page.locator('[data-command="notebook:interrupt-kernel"], [data-jp-item-name="interrupt"]').first().click();
  await expect(output(3)).toContainText("Interrupted");
  await run(page, "await ui.choose(['web1', 'web2'], { title: 'host' })");
  const prompt = page.locator(".jp-Stdin-input");
  await prompt.fill("2");
  await prompt.press("Enter");
  await expect(output(4)).toContainText("web2");
  await run(page, "six?");
  await expect(output(5)).toContainText("six: number");
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof bound === "object" && bound ? bound.port : 0;
}
