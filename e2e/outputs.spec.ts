import { readFileSync } from "node:fs";
import { expect, test } from "./harness/fixtures.ts";

const ROWS =
  "Array.from({ length: 10_000 }, (_, i) => ({ host: 'web-' + i, load: (i * 7919) % 10_007, zone: i % 2 ? 'a' : 'b' }))";

test("[part of 3.5-rich-output] a table of 10,000 rows scrolls, sorts and filters with only the rows in sight in the page", async ({
  notebook,
  opsbook,
}) => {
  await notebook.open(opsbook.add("table.ipynb", [ROWS]));
  await notebook.runAll();
  await notebook.finished(0);
  const table = notebook.cell(0).getByTestId("table-output");
  await expect(table).toContainText("10,000 rows");
  const rows = table.locator("tbody tr:not([aria-hidden])");
  expect(await rows.count()).toBeLessThan(100);
  const box = table.getByRole("region", { name: "Table" });
  await box.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(rows.last()).toContainText("web-9999");
  await expect(rows.last()).toBeInViewport();
  expect(await rows.count()).toBeLessThan(100);
  // Straight into the middle: the row there is the one the position says.
  await box.evaluate((element) => element.scrollTo(0, 25 * 5000));
  await expect(rows.filter({ hasText: "web-5001" })).toBeInViewport();

  const load = table.getByRole("columnheader", { name: "load" });
  await load.getByRole("button").click();
  await expect(load).toHaveAttribute("aria-sort", "ascending");
  await box.evaluate((element) => element.scrollTo(0, 0));
  await expect(rows.first()).toContainText("web-0");
  await load.getByRole("button").click();
  await expect(load).toHaveAttribute("aria-sort", "descending");
  await expect(rows.first().getByRole("cell").nth(1)).toHaveText("10006");

  await table.getByRole("button", { name: "Filter" }).click();
  await table.getByLabel("Filter rows").fill("web-424");
  await expect(rows).toHaveCount(11);
  await expect(table).toContainText("of 10,000");
});

test("[part of 3.5-rich-output] a value is a tree, a picture is shown, a progress bar stays one line", async ({
  notebook,
  opsbook,
  page,
}) => {
  const png = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAEklEQVR4nGP8z8DAwMDAxAADAA0GAQGzkS1mAAAAAElFTkSuQmCC";
  await notebook.open(
    opsbook.add("values.ipynb", [
      '({ host: "web1", tags: ["edge", "blue"], limits: { memory: { soft: 512 } } })',
      `display.image(Buffer.from("${png}", "base64"))`,
      "for (let i = 0; i <= 100; i++) { process.stdout.write('\\rcopied ' + i + '%'); if (i % 20 === 0) await new Promise((go) => setTimeout(go, 10)); }",
    ]),
  );
  await notebook.runAll();
  await notebook.finished(2);
  const tree = notebook.cell(0).getByRole("tree");
  await expect(tree.getByRole("treeitem")).toHaveCount(4);
  for (const name of ["limits", "memory"]) {
    await tree
      .getByRole("treeitem")
      .filter({ hasText: `${name}:` })
      .getByRole("button", { name: "Open" })
      .click();
  }
  await expect(tree.getByRole("treeitem").filter({ hasText: "soft" })).toContainText("512");

  const image = notebook.cell(1).getByRole("img").first();
  await expect(image).toBeVisible();
  expect(await image.evaluate((element: HTMLImageElement) => [element.naturalWidth, element.naturalHeight])).toEqual([
    2, 3,
  ]);
  await expect(notebook.cell(2).locator(".nb-log")).toHaveText("copied 100%");
  expect(await page.title()).toContain("values");
});

test("[T6] [part of 3.5-rich-output] HTML runs in its frame and reaches neither page, cookie, storage nor server", async ({
  notebook,
  opsbook,
  page,
}) => {
  const script = `
    const tried = {};
    const attempt = async (name, action) => { try { tried[name] = "got " + String(await action()).slice(0, 40); } catch (error) { tried[name] = "refused"; } };
    (async () => {
      await attempt("parent", () => parent.document.title);
      await attempt("top", () => { top.location.href = "about:blank"; });
      await attempt("cookie", () => document.cookie);
      await attempt("storage", () => localStorage.length);
      await attempt("server", async () => (await fetch("/api/me", { credentials: "include" })).status);
      await attempt("popup", () => { if (!open("about:blank")) throw new Error("blocked"); });
      document.getElementById("out").textContent = JSON.stringify(tried);
    })();`;
  const html = `<p id="out">waiting</p><script>${script.replace(/\s+/g, " ")}</script>`;
  const answers: number[] = [];
  page.on("response", (response) => {
    if (response.frame() !== page.mainFrame() && response.url().endsWith("/api/me")) answers.push(response.status());
  });
  await notebook.open(opsbook.add("frame.ipynb", [`display.html(${JSON.stringify(html)})`]));
  await notebook.runAll();
  await notebook.finished(0);
  const out = notebook.cell(0).frameLocator("iframe").locator("#out");
  await expect(out).toContainText("parent");
  expect(JSON.parse((await out.textContent()) ?? "")).toEqual({
    parent: "refused",
    top: "refused",
    cookie: "refused",
    storage: "refused",
    server: "refused",
    popup: "refused",
  });
  expect(answers).toEqual([]);
  await expect(notebook.cell(0)).toBeVisible();
});

test("[T5] hostile Markdown, in a cell and as an output, is shown and does not run", async ({
  notebook,
  opsbook,
  page,
}) => {
  const hostile = [
    "**before**",
    "<script>window.hit = 'script'</script>",
    "<img src=x onerror=\"window.hit = 'img'\">",
    "<svg onload=\"window.hit = 'svg'\"><animate onbegin=\"window.hit = 'begin'\" attributeName=x dur=1s></svg>",
    "<iframe srcdoc=\"<script>parent.hit = 'srcdoc'</script>\"></iframe>",
    "<details open ontoggle=\"window.hit = 'toggle'\">more</details>",
    "<a href=\"javascript:window.hit='href'\">tempting</a> [also](javascript:window.hit='link')",
    '<form action="/api/opsbook/logout" method=post><button>Log out</button></form>',
    '<div style="position:fixed;inset:0;z-index:99" class="nb-problem" id="root">cover</div>',
    "**after**",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=window.hit='mxss'&gt;\">",
  ].join("\n\n");
  await notebook.open(
    opsbook.add("hostile.ipynb", [{ markdown: hostile }, `display.markdown(${JSON.stringify(hostile)})`]),
  );
  await notebook.runAll();
  await notebook.finished(1);
  for (const index of [0, 1]) {
    const shown = notebook.cell(index).locator(".nb-md");
    await expect(shown.getByText("after", { exact: true })).toBeVisible();
    await expect(shown.locator("script, iframe, form, button, style, svg, [style], [id], [onerror]")).toHaveCount(0);
    await shown.getByText("tempting").click();
    await expect(shown.locator("a[href^=javascript]")).toHaveCount(0);
  }
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
  expect(await page.evaluate(() => Reflect.get(window, "hit"))).toBeUndefined();
  // And nothing covers the page.
  await notebook.select(1);
});

test("[3.1-eval] an error shows the line of the cell, and leads to it", async ({ notebook, opsbook }) => {
  const source =
    "const limit: number = 3;\nfunction check(load: number) {\n  throw new TypeError('load ' + load + ' is above ' + limit);\n}\ncheck(5);";
  await notebook.open(opsbook.add("error.ipynb", [source, '"never"']));
  await notebook.runAll();
  await notebook.finished(0, "failed");
  const error = notebook.cell(0).getByRole("region", { name: "Error TypeError" });
  await expect(error).toContainText("load 5 is above 3");
  await expect(error).toContainText(/In ?\[1\]:3/);
  await expect(error).toContainText(/In ?\[1\]:5/);
  // The cell behind it did not run.
  await expect(notebook.cell(1)).toHaveAccessibleName(/not run/);
  await notebook.select(1);
  await error.getByRole("button", { name: /In ?\[1\]:3/ }).click();
  await expect(notebook.cell(0)).toHaveAttribute("aria-current", "true");
});

test("[part of 3.5-widgets] a question of the code is answered in the page; a password is not kept", async ({
  notebook,
  opsbook,
}) => {
  await notebook.open(
    opsbook.add("prompt.ipynb", [
      'const host = await input("host? ");\nconst secret = await input("password? ", { password: true });\nhost.toUpperCase() + " " + secret.length',
    ]),
  );
  await notebook.select(0);
  await notebook.run(0);
  const form = notebook.cell(0).getByRole("form", { name: "The code asks" });
  await form.getByLabel("host?").fill("web1");
  await form.getByLabel("host?").press("Enter");
  await expect(form.getByLabel("password?")).toHaveAttribute("type", "password");
  await form.getByLabel("password?").fill("tr0ub4dor");
  await form.getByRole("button", { name: "Answer" }).click();
  await notebook.finished(0);
  await expect(notebook.cell(0)).toContainText("WEB1 9");
  await notebook.saved();
  expect(readFileSync(opsbook.file("prompt.ipynb"), "utf8")).not.toContain("tr0ub4dor");
});

test("[P5] 100,000 printed lines are all there: the page shows head and tail, the download every one", async ({
  notebook,
  opsbook,
  page,
}) => {
  await notebook.open(opsbook.add("lines.ipynb", ["for (let i = 1; i <= 100_000; i++) console.log('line', i);"]));
  await notebook.runAll();
  await notebook.finished(0);
  const log = notebook.cell(0).getByRole("region", { name: "stdout, 100,000 lines" });
  await expect(log).toContainText("line 100000");
  await log.evaluate((element) => element.scrollTo(0, 0));
  await expect(log.getByText("line 1", { exact: true })).toBeInViewport();
  const download = page.waitForEvent("download");
  await notebook.cell(0).getByRole("link", { name: "Download the whole output" }).click();
  const text = readFileSync(await (await download).path(), "utf8");
  expect(text === Array.from({ length: 100_000 }, (_, i) => `line ${i + 1}\n`).join("")).toBe(true);
});

test("[3.1-eval] what a timer prints after its cell ended lands in that cell", async ({ notebook, opsbook }) => {
  await notebook.open(
    opsbook.add("late.ipynb", [
      'let printed!: () => void; const late = new Promise<void>((go) => { printed = go; });\nsetTimeout(() => { console.log("late word"); printed(); }, 600);\n"first done"',
      'console.log("second begins"); await late; console.log("second ends");',
    ]),
  );
  await notebook.runAll();
  await notebook.finished(1);
  await expect(notebook.cell(0)).toContainText("late word");
  await expect(notebook.cell(1).locator(".nb-out")).toHaveText(/second begins\s*second ends/);
});
