import { type BrowserContext, test as base } from "@playwright/test";
import { NotebookPage } from "./notebook-page.ts";
import { Opsbook } from "./opsbook.ts";

export { expect } from "@playwright/test";

type Login = Awaited<ReturnType<BrowserContext["storageState"]>>;

interface Shared {
  /** One server for all tests that neither stop it nor count what it holds. */
  opsbook: Opsbook;
  /** The cookie of its owner. */
  login: Login;
}

/** A page that is logged in to a running server. */
export const test = base.extend<{ notebook: NotebookPage }, Shared>({
  opsbook: [
    async ({ browserName: _ }, use) => {
      await using server = await Opsbook.start();
      await use(server);
    },
    { scope: "worker" },
  ],
  login: [
    async ({ browser, opsbook }, use) => {
      const context = await browser.newContext();
      await new NotebookPage(await context.newPage()).login(await opsbook.loginUrl());
      await use(await context.storageState());
      await context.close();
    },
    { scope: "worker" },
  ],
  baseURL: ({ opsbook }, use) => use(opsbook.url),
  storageState: ({ login }, use) => use(login),
  notebook: ({ page }, use) => use(new NotebookPage(page)),
});
