import { freshLoginUrl } from "./client.ts";
import type { Command } from "./command.ts";
import { readRunFiles } from "./run-files.ts";

export const listCommand: Command = {
  name: "list",
  summary: "Show your running servers, each with a fresh login URL.",
  usage: "opsbook list [--json]",
  options: {},
  help: {},
  positionals: 0,
  async run({ json, io }) {
    const servers = await Promise.all(
      readRunFiles().map(async (run) => ({
        pid: run.pid,
        root: run.root,
        url: run.publicUrl,
        startedAt: run.startedAt,
        loginUrl: await freshLoginUrl(run),
      })),
    );
    if (json) {
      io.out(JSON.stringify(servers));
      return 0;
    }
    if (servers.length === 0) io.out("No server of yours is running. Start one with: opsbook serve");
    for (const server of servers) {
      io.out(
        `${server.root}  (pid ${server.pid}, since ${server.startedAt})\n  ${server.loginUrl ?? "does not answer"}`,
      );
    }
    return 0;
  },
};
