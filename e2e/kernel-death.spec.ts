import { mkdirSync, renameSync } from "node:fs";
import { expect, test } from "./harness/fixtures.ts";

const HOLDS = [
  `require("node:fs").writeSync(2, "last words of the kernel\\n");`,
  `console.log("pid " + process.pid);`,
  "await new Promise(() => {})",
].join("\n");

async function pidIn(text: Promise<string | null>): Promise<number> {
  return Number(/pid (\d+)/.exec((await text) ?? "")?.[1]);
}

test("[P8] a killed kernel: its cause and last words, the queued cell not run, and a restart by keyboard", async ({
  notebook,
  opsbook,
}) => {
  const path = opsbook.add("killed-kernel.ipynb", [HOLDS, "1 + 1"]);
  await notebook.open(path);
  await notebook.runAll();
  await expect(notebook.cell(0)).toContainText(/pid \d+/);
  process.kill(await pidIn(notebook.cell(0).textContent()), "SIGKILL");
  const alert = notebook.page.getByRole("alert").filter({ hasText: "The kernel is dead" });
  await expect(alert).toContainText("killed by signal 9 (SIGKILL)");
  await expect(alert).toContainText("last words of the kernel");
  await expect(notebook.cell(0)).toHaveAttribute("data-state", "failed");
  await expect(notebook.cell(1)).toContainText(/not run/i);
  await notebook.page.screenshot({ path: test.info().outputPath("killed.png") });
  await alert.getByRole("button", { name: "Restart" }).focus();
  await notebook.page.keyboard.press("Enter");
  await expect(alert).toBeHidden();
  await expect(notebook.page.getByRole("button", { name: /^Kernel .*, ready$/ })).toBeVisible();
});

test("[P8] a kernel that stands still is shown apart from a dead one, and goes on", async ({ notebook, opsbook }) => {
  const path = opsbook.add("stopped-kernel.ipynb", [`console.log("pid " + process.pid)`, "1 + 1"]);
  await notebook.open(path);
  await notebook.runAll();
  await notebook.finished(1);
  const pid = await pidIn(notebook.cell(0).textContent());
  process.kill(pid, "SIGSTOP");
  try {
    const alert = notebook.page.getByRole("alert").filter({ hasText: "The kernel does not answer" });
    await expect(alert).toContainText("stopped", { timeout: 60_000 });
    await expect(notebook.page.getByRole("button", { name: /^Kernel .*, not answering$/ })).toBeVisible();
    await notebook.page.screenshot({ path: test.info().outputPath("stopped.png") });
    process.kill(pid, "SIGCONT");
    await expect(alert).toBeHidden({ timeout: 60_000 });
  } finally {
    process.kill(pid, "SIGCONT");
  }
});

test("[part of P3] a notebook that cannot be saved says why, and is saved when it can be", async ({
  notebook,
  opsbook,
}) => {
  mkdirSync(opsbook.file("moved"));
  const path = opsbook.add("moved/notebook.ipynb", ["1"]);
  await notebook.open(path);
  renameSync(opsbook.file("moved"), opsbook.file("moved-away"));
  await notebook.write(0, "2");
  const banner = notebook.page.getByRole("alert").filter({ hasText: "Not saved." });
  await expect(banner).toBeVisible({ timeout: 60_000 });
  await notebook.page.screenshot({ path: test.info().outputPath("not-saved.png") });
  renameSync(opsbook.file("moved-away"), opsbook.file("moved"));
  await expect(banner).toBeHidden({ timeout: 60_000 });
});
