import { join } from "node:path";
import { expect, test } from "./harness/fixtures.ts";

const SCREENS = join(import.meta.dirname, "../test-results/screens");

const CELLS = [
  {
    markdown:
      "# Roll web 1.43.0 to the fleet\n\nDrain one host at a time, patch, wait for `/healthz`, put it back. Stop at the first error rate above **1 %**.",
  },
  `const zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
const hosts = Array.from({ length: 24 }, (_, i) => ({
  name: \`web-\${String(i + 1).padStart(2, "0")}\`,
  zone: zones[i % 3],
  cpu: (i * 37) % 91,
  version: i < 14 ? "1.43.0" : "1.42.6",
  state: i === 20 ? "unreachable" : "serving",
}));
hosts.slice(16, 21)`,
  `// streams while it runs
for (const { name, zone } of hosts.slice(0, 6)) {
  console.log(\`\\x1b[2m10:21:07\\x1b[0m  \${name}  \\x1b[32mdrained\\x1b[0m  0 connections left, \${zone}\`);
}
console.log("\\x1b[33mweb-21  retry  ssh: connect timed out, attempt 2 of 3\\x1b[0m");`,
  { markdown: "## Limits\n\n| host | reason |\n| --- | --- |\n| `web-21` | does not answer |\n" },
  '({ region: "eu-west-1", limits: { batch: 3, errorRate: 0.01 }, paused: false })',
  `async function probe(host: string) {
  throw new Error(\`connect to \${host} (10.4.2.21:22) timed out after 3 attempts\`);
}
await probe("web-21");`,
  'await new Promise((go) => setTimeout(go, 1));\n"after the rollout"',
];

for (const theme of ["dark", "light"] as const) {
  test(`both themes look right: ${theme}`, async ({ browser, login, opsbook }) => {
    const path = opsbook.add(`web-rollout-${theme}.ipynb`, CELLS);
    for (const width of [1280, 1920]) {
      const context = await browser.newContext({
        storageState: login,
        baseURL: opsbook.url,
        colorScheme: theme,
        viewport: { width, height: width === 1280 ? 800 : 1080 },
      });
      const page = await context.newPage();
      await page.goto(`/#/notebooks/${path}`);
      const cells = page.locator("li[data-cell]");
      await expect(cells.first()).toBeVisible();
      await page.getByRole("toolbar", { name: "Notebook" }).getByRole("button", { name: "Run all" }).click();
      await expect(cells.nth(5)).toHaveAttribute("data-state", "failed");
      await expect(page.getByRole("contentinfo").or(page.getByLabel("Status"))).toContainText("Saved");
      // Colours come after the first paint.
      await expect(cells.nth(1).locator("[class*=mtk]").first()).toBeVisible();
      await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
      await page.evaluate(() => document.fonts.ready);
      // The page itself never scrolls sideways, and no cell is wider than the list it is in.
      const overflow = await page.evaluate(() => {
        const list = document.querySelector(".nb-scroll");
        return {
          page: document.documentElement.scrollWidth > window.innerWidth,
          list: list !== null && list.scrollWidth > list.clientWidth,
        };
      });
      expect(overflow).toEqual({ page: false, list: false });
      await page.screenshot({ path: join(SCREENS, `${theme}-${width}.png`) });
      await context.close();
    }
  });
}
