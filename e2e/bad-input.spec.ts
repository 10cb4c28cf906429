import { readFileSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "./harness/fixtures.ts";

const BROKEN = '{\n "cells": [\n  {"cell_type": "code", "source": "1 + 1"\n ],\n "nbformat": 4\n}\n';
const NO_NOTEBOOK = '{\n "cells": {"first": "1 + 1"},\n "metadata": {},\n "nbformat": 4,\n "nbformat_minor": 5\n}\n';

test("[part of 3.5-ipynb] a file that is no notebook opens read-only with the reason, the place and its text", async ({
  page,
  opsbook,
}) => {
  for (const [name, text, reason] of [
    ["broken.ipynb", BROKEN, /line 4, column \d+/],
    ["no-notebook.ipynb", NO_NOTEBOOK, /cells/],
  ] as const) {
    const file = opsbook.file(name);
    writeFileSync(file, text);
    await page.goto(`/#/notebooks/${name}`);
    await expect(page.getByRole("alert").filter({ hasText: "not a valid notebook" })).toContainText(reason);
    const raw = page.getByRole("region", { name: `Text of ${name}` });
    await expect(raw).toContainText("1 + 1");
    expect(await raw.textContent()).toBe(text);
    // Nothing to write with: no cells, no toolbar, no field; and keys that would change cells leave the file as it is.
    await expect(page.locator("li[data-cell]")).toHaveCount(0);
    await expect(page.getByRole("toolbar", { name: "Notebook" })).toHaveCount(0);
    await raw.click();
    for (const key of ["b", "Enter", "x", "Control+s", "Shift+Enter"]) await page.keyboard.press(key);
    await page.reload();
    await expect(raw).toBeVisible();
    expect(readFileSync(file, "utf8")).toBe(text);
  }
});

test("[part of 3.5-kernels] a notebook whose kernel is unknown offers those there are and runs with the one chosen", async ({
  notebook,
  opsbook,
  page,
}) => {
  await notebook.open(opsbook.add("unknown-kernel.ipynb", ["6 * 7"], "cobol"));
  const problem = page.getByRole("alert").filter({ hasText: "no kernel “cobol”" });
  await problem.getByRole("button", { name: "TypeScript" }).click();
  await expect(problem).toBeHidden();
  await notebook.runAll();
  await notebook.finished(0);
  await expect(notebook.cell(0)).toContainText("42");
  await expect
    .poll(() => JSON.parse(readFileSync(opsbook.file("unknown-kernel.ipynb"), "utf8")).metadata.kernelspec.name)
    .toBe("typescript");
});

test("[3.5-auth] [T1] a login token works once; used or wrong it is a 401 that says what to do", async ({
  browser,
  opsbook,
}) => {
  const url = await opsbook.loginUrl();
  const guest = { storageState: { cookies: [], origins: [] } };
  const first = await browser.newContext(guest);
  const page = await first.newPage();
  await page.goto(url);
  await expect(page.getByRole("button", { name: "New notebook" }).first()).toBeVisible();
  await first.close();

  const second = await browser.newContext(guest);
  const late = await second.newPage();
  for (const address of [url, `${opsbook.url}/login#token=never-issued`]) {
    const answer = late.waitForResponse((response) => response.request().method() === "POST");
    // The second goes into the tab that shows the first one's page, as a person pastes it.
    await late.goto(address);
    expect((await answer).status()).toBe(401);
    await expect(late.getByRole("alert")).toContainText("opsbook list");
  }
  // Nor does a page of the app open without a login.
  const home = await late.goto(`${opsbook.url}/`);
  expect(late.url()).toContain("/login");
  expect(home?.status()).toBe(200);
  expect((await late.request.get(`${opsbook.url}/api/contents`)).status()).toBe(401);
  await second.close();
});

test("[3.5-exposure] [T2] [T3] a page on another port can neither read, change nor open a socket with the owner's cookie", async ({
  page,
  opsbook,
  notebook,
}) => {
  await notebook.open(opsbook.add("exposed.ipynb", ["1"]));
  const evil = createServer((_, response) => response.setHeader("content-type", "text/html").end("<h1>evil</h1>"));
  await new Promise<void>((resolve) => evil.listen(0, "127.0.0.1", resolve));
  try {
    // What the owner's own page may do, with the same requests.
    const session = await page.evaluate(async () => {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ path: "exposed.ipynb" });
      return (await fetch("/api/opsbook/sessions", { method: "POST", headers, body })).json();
    });
    const target = { server: opsbook.url, session: String(session.id) };
    expect(await page.evaluate(probe, target)).toEqual({ read: "200", socket: "open" });

    await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`);
    // The page's own events leave out answers that the browser keeps from it. An answer may be told before its request.
    const devtools = await page.context().newCDPSession(page);
    const asked: string[] = [];
    const answered = new Map<string, number>();
    devtools.on("Network.requestWillBeSent", ({ requestId, request }) => {
      if (request.url.startsWith(opsbook.url)) asked.push(requestId);
    });
    devtools.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => {
      answered.set(requestId, statusCode);
    });
    await devtools.send("Network.enable");
    expect(await page.evaluate(probe, target)).toEqual({ read: "refused", socket: "refused" });
    await page.evaluate(async (server) => {
      const options = { method: "POST", mode: "no-cors", credentials: "include" } as const;
      const body = JSON.stringify({ type: "notebook" });
      await fetch(`${server}/api/contents`, { ...options, body }).catch(() => undefined);
      await fetch(`${server}/api/terminals`, { ...options, body: "" }).catch(() => undefined);
    }, opsbook.url);
    await expect.poll(() => asked.map((id) => answered.get(id))).toEqual([403, 403, 403]);
  } finally {
    await new Promise((resolve) => evil.close(resolve));
  }
});

/** Runs in the page: reads a folder and opens the socket of a notebook. */
async function probe({
  server,
  session,
}: {
  server: string;
  session: string;
}): Promise<{ read: string; socket: string }> {
  const read = await fetch(`${server}/api/contents`, { credentials: "include" }).then(
    (answer) => String(answer.status),
    () => "refused",
  );
  const socket = await new Promise<string>((resolve) => {
    const opened = new WebSocket(`${server.replace("http", "ws")}/api/opsbook/sessions/${session}/socket`);
    opened.onopen = () => resolve("open");
    opened.onerror = () => resolve("refused");
  });
  return { read, socket };
}

test("[3.5-exposure] [T4] a foreign name that resolves to this machine is refused, in Chromium and without a browser", async ({
  playwright,
  launchOptions,
  opsbook,
}) => {
  const args = [...(launchOptions.args ?? []), "--host-resolver-rules=MAP rebound.test 127.0.0.1"];
  const browser = await playwright.chromium.launch({ ...launchOptions, args });
  try {
    const page = await browser.newPage();
    const answer = await page.goto(`http://rebound.test:${opsbook.port}/`);
    expect(answer?.status()).toBe(421);
  } finally {
    await browser.close();
  }
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { host: "rebound.test", connection: "Upgrade", upgrade: "websocket" };
    const socket = httpRequest({ port: opsbook.port, path: "/api/opsbook/terminals/1/socket", headers });
    socket.on("response", (response) => resolve(response.resume().statusCode));
    socket.on("upgrade", () => resolve(101));
    socket.on("error", reject);
    socket.end();
  });
  expect(status).toBe(421);
});
