import { join } from "node:path";
import { expect, test } from "./harness/fixtures.ts";

const SCREENS = join(import.meta.dirname, "../test-results/screens");

const PROGRAM = `async function fix(host: string) {
  const special = { host, tries: 3 };
  await nb.breakpoint({ banner: "look at special", locals: { special } });
  return special.tries;
}
"tries " + (await fix("web1"))`;

for (const theme of ["dark", "light"] as const)
  test(`[part of 3.2-embed] a stopped cell says so, others run, and Continue lets it go on (${theme})`, async ({
    notebook,
    opsbook,
  }) => {
    const { page } = notebook;
    await page.emulateMedia({ colorScheme: theme });
    const cells = [PROGRAM, "special.host", "await nb.breakpoint()", "typeof special"];
    await notebook.open(opsbook.add(`breakpoint-${theme}.ipynb`, cells));
    const run = async (index: number) => {
      await notebook.select(index);
      await page.keyboard.press("Control+Enter");
    };
    await run(0);
    const outer = notebook.cell(0).getByRole("note", { name: "Breakpoint" });
    await expect(outer).toContainText("Stopped at a breakpoint: look at special");
    await run(1);
    await notebook.finished(1);
    await expect(notebook.cell(1)).toContainText("'web1'");
    await run(2);
    const inner = notebook.cell(2).getByRole("note", { name: "Breakpoint" });
    await expect(inner).toContainText("Stopped at a breakpoint");
    await expect(outer.getByRole("button", { name: "Continue" })).toHaveCount(0);
    for (const width of [1280, 1920]) {
      await page.setViewportSize({ width, height: 800 });
      await page.screenshot({ path: join(SCREENS, `breakpoint-${theme}-${width}.png`) });
    }
    await notebook.select(2);
    await page.keyboard.press("F8");
    await notebook.finished(2);
    await page.reload();
    await expect(outer).toContainText("look at special");
    await outer.getByRole("button", { name: "Continue" }).click();
    await notebook.finished(0);
    await expect(notebook.cell(0)).toContainText("'tries 3'");
    await expect(outer).toHaveCount(0);
    await run(3);
    await notebook.finished(3);
    await expect(notebook.cell(3)).toContainText("'undefined'");
  });
