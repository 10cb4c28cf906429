import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, type Locator, test } from "@playwright/test";
import { type Sshd, startSshd } from "../scripts/components/sshd.ts";
import { validateNotebook } from "./harness/nbformat.ts";
import { NotebookPage } from "./harness/notebook-page.ts";
import { Opsbook } from "./harness/opsbook.ts";
import { Wire } from "./harness/wire.ts";

let opsbook: Opsbook;
let sshd: Sshd;
let service: Server;

test.beforeAll(async () => {
  sshd = await startSshd();
  service = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify([
        { host: "web1", status: "ok", path: request.url },
        { host: "web2", status: "slow" },
      ]),
    );
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  opsbook = await Opsbook.start();
});

test.afterAll(async () => {
  await opsbook?.[Symbol.asyncDispose]();
  await sshd?.[Symbol.asyncDispose]();
  await new Promise((resolve) => service?.close(resolve));
});

const LINES = 60;

/** Of those the page shows: of a long output that is its end. */
async function newestLine(cell: Locator): Promise<number> {
  const numbers = [...((await cell.textContent()) ?? "").matchAll(/line (\d+) of/g)].map(([, number]) =>
    Number(number),
  );
  return Math.max(0, ...numbers);
}

test("[part of 3.5-cells] [part of 3.5-ipynb] an incident from login to the saved file, reloaded and cut on the way, with a second person", async ({
  browser,
}) => {
  await using wire = await Wire.to(opsbook.port);
  const { port } = service.address() as AddressInfo;
  const context = await browser.newContext();
  const ada = new NotebookPage(await context.newPage());
  const loginUrl = (await opsbook.loginUrl()).replace(`:${opsbook.port}/`, `:${wire.port}/`);
  await ada.login(loginUrl);
  await ada.create();

  // A real HTTP service: an array of objects is a table.
  await ada.write(0, `const health = await http.get("http://127.0.0.1:${port}/health");\nawait health.json()`);
  await ada.run(0);
  await expect(ada.cell(0)).toHaveAttribute("data-state", "ok");
  await expect(ada.cell(0).getByRole("table")).toContainText("web2");

  // A real host over SSH, which prints while it runs.
  await ada.addBelow();
  const connect = `await using host = await ssh.connect("${sshd.user}@${sshd.host}", { port: ${sshd.port}, identityFile: "${sshd.keyFile}", knownHosts: "${sshd.knownHostsFile}" });`;
  const script = `i=1; while [ $i -le ${LINES} ]; do echo "line $i of ${LINES}"; i=$((i+1)); sleep 0.1; done`;
  await ada.write(
    1,
    `${connect}\nfor await (const line of host.sh\`sh -c \${${JSON.stringify(script)}}\`.lines()) console.log(line);`,
  );
  await ada.run(1);
  await expect.poll(() => newestLine(ada.cell(1)), { timeout: 60_000 }).toBeGreaterThanOrEqual(3);

  // A second person comes and follows.
  const other = await browser.newContext({ colorScheme: "dark" });
  const jon = new NotebookPage(await other.newPage());
  await jon.login(await opsbook.loginUrl());
  await jon.page.goto(`${opsbook.url}/${new URL(ada.page.url()).hash}`);
  await expect.poll(() => newestLine(jon.cell(1)), { timeout: 60_000 }).toBeGreaterThanOrEqual(5);

  // The page is reloaded, then its socket is cut, both in the middle of the run.
  await ada.page.reload();
  await expect.poll(() => newestLine(ada.cell(1)), { timeout: 60_000 }).toBeGreaterThanOrEqual(15);
  wire.cut();
  await expect.poll(() => newestLine(jon.cell(1)), { timeout: 60_000 }).toBeGreaterThanOrEqual(30);
  wire.mend();
  await expect(ada.cell(1)).toHaveAttribute("data-state", "ok", { timeout: 30_000 });
  const expected = Array.from({ length: LINES }, (_, i) => `line ${i + 1} of ${LINES}`);
  for (const person of [ada, jon]) {
    const output = person.cell(1).getByLabel(`stdout, ${LINES} lines`);
    const shown = ((await output.textContent()) ?? "").match(/line \d+ of \d+/g) ?? [];
    expect(shown).toEqual(expected.slice(-shown.length));
  }

  // They see each other's typing.
  await jon.addBelow();
  await jon.edit(2);
  await jon.page.keyboard.type("40 + 2");
  await expect(ada.cell(2)).toContainText("40 + 2");
  await jon.run(2);
  await expect(ada.cell(2)).toHaveAttribute("data-state", "ok");
  await expect(ada.cell(2)).toContainText("42");

  // On disk, and what Jupyter calls valid.
  await ada.saved();
  const file = join(opsbook.root, "Untitled.ipynb");
  await validateNotebook(file);
  const saved = JSON.parse(readFileSync(file, "utf8"));
  expect(saved.metadata.kernelspec.name).toBe("typescript");
  expect(saved.cells[1].outputs[0].text.join("")).toBe(`${expected.join("\n")}\n`);
  await context.close();
  await other.close();
});

test("[part of 3.5-terminal] a terminal runs a shell and survives a reload", async ({ page }) => {
  const notebook = new NotebookPage(page);
  await notebook.login(await opsbook.loginUrl());
  await page.getByRole("button", { name: "New terminal" }).first().click();
  const terminal = page.locator(".xterm").first();
  await expect(terminal).toBeVisible();
  await page.keyboard.type("echo $((6*7))-$OPSBOOK_NOTHING-kept\n");
  await expect(terminal).toContainText("42--kept");
  await page.reload();
  await expect(page.locator(".xterm").first()).toContainText("42--kept");
});

test("[3.5-interrupt] a tight loop is interrupted from the page and its names are kept", async ({ page }) => {
  const notebook = new NotebookPage(page);
  await notebook.login(await opsbook.loginUrl());
  await notebook.create();
  await notebook.write(0, "let kept = 7; while (true) {}");
  await notebook.run(0);
  await expect(notebook.cell(0)).toHaveAttribute("data-state", "running");
  await page.getByRole("toolbar", { name: "Notebook" }).getByRole("button", { name: "Interrupt" }).click();
  await expect(notebook.cell(0)).toHaveAccessibleName(/interrupted/);
  await notebook.addBelow();
  await notebook.write(1, "kept + 1");
  await notebook.run(1);
  await expect(notebook.cell(1)).toContainText("8");
});
