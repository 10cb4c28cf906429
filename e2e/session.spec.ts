import { type BrowserContext, expect, test } from "@playwright/test";
import { readCells } from "./harness/notebook-file.ts";
import { NotebookPage } from "./harness/notebook-page.ts";
import { Opsbook } from "./harness/opsbook.ts";

/** Prints `tick 1` … `tick n`, one each 100 ms. */
const ticking = (n: number) =>
  `for (let i = 1; i <= ${n}; i++) { console.log(\`tick \${i}\`); await new Promise((go) => setTimeout(go, 100)); }`;
const ticks = (n: number) => Array.from({ length: n }, (_, i) => `tick ${i + 1}`);

let opsbook: Opsbook;
let context: BrowserContext;
let notebook: NotebookPage;

test.beforeEach(async ({ browser }) => {
  opsbook = await Opsbook.start();
  context = await browser.newContext({ baseURL: opsbook.url });
  notebook = new NotebookPage(await context.newPage());
  await notebook.login(await opsbook.loginUrl());
});

test.afterEach(async () => {
  await context?.close();
  await opsbook?.[Symbol.asyncDispose]();
});

/** All lines of the cell's log, from the server. */
async function printed(index: number): Promise<string[]> {
  const download = notebook.page.waitForEvent("download");
  await notebook.cell(index).getByRole("link", { name: "Download the whole output" }).click();
  const stream = await (await download).createReadStream();
  return Buffer.concat(await stream.toArray())
    .toString()
    .trimEnd()
    .split("\n");
}

test("[P5] the page is closed in the middle of a run and opened when it is over: the output is complete", async () => {
  const path = opsbook.add("closed.ipynb", [`${ticking(40)}\nprocess.pid`]);
  await notebook.open(path);
  await notebook.runAll();
  await expect(notebook.cell(0)).toContainText("tick 5");
  await notebook.page.close();
  // Nobody looks: only the server knows when it is over.
  await expect
    .poll(async () => JSON.stringify(JSON.parse(await opsbook.read(path)).cells[0].outputs))
    .toContain("tick 40");
  notebook = new NotebookPage(await context.newPage());
  await notebook.open(path);
  await notebook.finished(0);
  expect(await printed(0)).toEqual(ticks(40));
});

test("[P9] [P6] a server killed in the middle of a run finds kernel and output again, and the page finds the server", async () => {
  const path = opsbook.add("killed.ipynb", [`const kept = "still here";\n${ticking(60)}`, "kept"]);
  await notebook.open(path);
  await notebook.select(0);
  await notebook.run(0);
  await expect(notebook.cell(0)).toContainText("tick 5");
  await opsbook.kill();
  await expect(notebook.page.getByRole("status").filter({ hasText: "Reconnecting" })).toBeVisible();
  await opsbook.serve();
  await notebook.finished(0);
  expect(await printed(0)).toEqual(ticks(60));
  await notebook.select(1);
  await notebook.run(1);
  await notebook.finished(1);
  await expect(notebook.cell(1)).toContainText("still here");
  await notebook.saved();
});

test("[P8] a killed kernel is told with its cause, and Restart gives a new one", async () => {
  const path = opsbook.add("died.ipynb", [
    'process.stderr.write("last words\\n"); process.kill(process.pid, "SIGKILL"); await new Promise(() => {});',
    "'alive ' + (1 + 1)",
  ]);
  await notebook.open(path);
  await notebook.runAll();
  const banner = notebook.page.getByRole("alert").filter({ hasText: "The kernel is dead:" });
  await expect(banner).toContainText("SIGKILL");
  await expect(notebook.cell(0)).toHaveAttribute("data-state", "failed");
  await expect(notebook.cell(1)).toHaveAccessibleName(/not run/);
  await banner.getByRole("button", { name: "Restart" }).click();
  await expect(banner).toBeHidden();
  await notebook.select(1);
  await notebook.run(1);
  await notebook.finished(1);
  await expect(notebook.cell(1)).toContainText("alive 2");
});

test("[T13] [part of 3.5-cells] somebody invited as viewer sees everything and can change nothing, at the wire too", async ({
  browser,
}) => {
  const path = opsbook.add("viewed.ipynb", ["6 * 7", "'untouched'"]);
  await notebook.open(path);
  await notebook.select(0);
  await notebook.run(0);
  await notebook.finished(0);

  await notebook.page.getByRole("button", { name: "Share" }).click();
  const dialog = notebook.page.getByRole("dialog", { name: "Invite somebody" });
  await dialog.getByLabel("May").selectOption("viewer");
  const link = dialog.getByRole("textbox");
  await expect(link).toHaveValue(/\/login#token=/);
  const guests = await browser.newContext({ baseURL: opsbook.url });
  const guest = new NotebookPage(await guests.newPage());
  await guest.page.goto(await link.inputValue());
  await guest.page.getByLabel("Your name").fill("Vera");
  await guest.page.getByRole("button", { name: "Open" }).click();
  await expect(guest.page.getByRole("tree", { name: "Files" })).toBeVisible();
  await guest.open(path);
  await expect(guest.cell(0)).toContainText("42");

  const toolbar = guest.page.getByRole("toolbar", { name: "Notebook" });
  for (const name of ["Run all", "Interrupt", "Restart", "Code", "Text"]) {
    await expect(toolbar.getByRole("button", { name, exact: true })).toBeDisabled();
  }
  await guest.select(1);
  for (const key of ["d", "d", "b", "m", "Control+Enter"]) await guest.page.keyboard.press(key);
  await guest.page.keyboard.press("Enter");
  await guest.page.keyboard.type("vandal");
  const answers = await guest.page.evaluate(atTheWire, path);
  expect(answers).toEqual({
    "delete-cell": "forbidden",
    "run-cells": "forbidden",
    "set-source": "forbidden",
    "POST /api/contents": 403,
    "POST /api/terminals": 403,
    "POST /api/kernels": 403,
  });

  // Ada's edit arrives at both, and is the only one.
  await notebook.page.keyboard.press("Escape");
  await notebook.select(0);
  await notebook.page.keyboard.press("b");
  await expect(guest.page.locator("li[data-cell]")).toHaveCount(3);
  await expect.poll(() => readCells(opsbook.file(path))).toEqual(["6 * 7", "", "'untouched'"]);
  await expect(notebook.cell(2)).toHaveAttribute("data-state", "idle");
  await guests.close();
});

/** Runs in the page, with its cookie: what its buttons do not offer, sent nevertheless. */
async function atTheWire(path: string): Promise<Record<string, unknown>> {
  const post = (url: string, body: object) =>
    fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const { id } = await (await post("/api/opsbook/sessions", { path })).json();
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/api/opsbook/sessions/${id}/socket`);
  const ops = [
    { type: "delete-cell", cellId: "cell-1" },
    { type: "run-cells", runs: [{ executionId: "stolen-run", cellId: "cell-1", sourceHash: "0" }] },
    { type: "set-source", cellId: "cell-1", source: "'vandal'" },
  ];
  const answers: Record<string, unknown> = {};
  await new Promise<void>((resolve, reject) => {
    const send = (frame: object) => socket.send(JSON.stringify(frame));
    socket.onerror = () => reject(new Error("no socket"));
    socket.onclose = () => reject(new Error(`closed after ${JSON.stringify(answers)}`));
    socket.onopen = () =>
      send({ type: "hello", protocol: 1, clientId: crypto.randomUUID(), epoch: null, lastSeq: 0, outputs: {} });
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.type === "welcome") ops.forEach((op, index) => void send({ type: "submit", clientSeq: index + 1, op }));
      if (frame.type !== "accepted" && frame.type !== "rejected") return;
      answers[ops[frame.clientSeq - 1]?.type ?? "?"] = frame.code ?? "accepted";
      if (frame.clientSeq === ops.length) resolve();
    };
  });
  socket.onclose = null;
  socket.close();
  for (const [url, body] of [
    ["/api/contents", { type: "notebook" }],
    ["/api/terminals", {}],
    ["/api/kernels", { name: "typescript" }],
  ] as const) {
    answers[`POST ${url}`] = (await post(url, body)).status;
  }
  return answers;
}

test("[P10] [part of 3.5-terminal] a terminal follows the window's size, takes Ctrl-C and outlives a killed server", async () => {
  const { page } = notebook;
  await page.getByRole("button", { name: "New terminal" }).first().click();
  const terminal = page.locator(".xterm").first();
  const online = page.locator('[data-terminal-state="online"]');
  await expect(online).toBeVisible();
  await expect(terminal.locator("textarea")).toBeFocused();
  const { keyboard } = page;
  const columns = async (mark: string) => {
    await keyboard.type(`echo ${mark}=$(stty size | cut -d" " -f2)=\n`);
    const pattern = new RegExp(`${mark}=(\\d+)=`);
    await expect(terminal).toContainText(pattern);
    return Number(pattern.exec((await terminal.textContent()) ?? "")?.[1]);
  };
  const narrow = await columns("first");
  await page.setViewportSize({ width: 1700, height: 900 });
  await expect
    .poll(async () => (await columns(`at${Math.random().toString(36).slice(2, 6)}`)) > narrow, { timeout: 20_000 })
    .toBe(true);

  // Between fork and exec a shell's child may swallow a signal; this one says when it is ready for it.
  await keyboard.type(
    "mine=kept-value; sh -c 'trap \"echo interrupted-$((6*7)); exit\" INT; echo up-$((1+1)); while :; do sleep 0.1; done'\n",
  );
  await expect(terminal).toContainText("up-2");
  await keyboard.press("Control+c");
  await expect(terminal).toContainText("interrupted-42");
  await keyboard.type('echo "after $mine"\n');
  await expect(terminal).toContainText("after kept-value");

  await opsbook.kill();
  await expect(online).toBeHidden();
  await opsbook.serve();
  await expect(online).toBeVisible();
  await terminal.click();
  await keyboard.type('echo "again $mine $((40 + 2))"\n');
  await expect(terminal).toContainText("again kept-value 42");
});
