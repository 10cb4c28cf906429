import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import { prepareFolders } from "../main.ts";
import { Runtime } from "../runtime/index.ts";
import type { Command } from "./command.ts";
import { isAlive, readRunFiles } from "./run-files.ts";

const PATIENCE_MS = 20_000;

export const stopCommand: Command = {
  name: "stop",
  summary: "Stop the server of a folder and end its kernels and terminals.",
  usage: "opsbook stop [dir]",
  options: {},
  help: {},
  positionals: 1,
  async run({ positionals, json, io }) {
    const { root, stateDir } = await prepareFolders(positionals[0] ?? ".");
    const servers = readRunFiles().filter((run) => run.root === root);
    for (const { pid } of servers) {
      process.kill(pid, "SIGTERM");
      const deadline = Date.now() + PATIENCE_MS;
      while (isAlive(pid)) {
        if (Date.now() > deadline) {
          io.err(`opsbook: process ${pid} is still saving after ${PATIENCE_MS / 1000} s.`);
          return 1;
        }
        await sleep(50);
      }
    }
    const runtime = await Runtime.start({ root, stateDir, log: pino({ level: "silent" }) });
    const ended = { kernels: runtime.kernels().length, terminals: runtime.terminals.list().length };
    await runtime.close({ keepAlive: false });
    if (json) io.out(JSON.stringify({ servers: servers.length, ...ended }));
    else io.out(`Stopped ${servers.length} server(s), ${ended.kernels} kernel(s), ${ended.terminals} terminal(s).`);
    return 0;
  },
};
