import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeMachine } from "./core/machine.contract.ts";
import { local } from "./local.ts";

const ids = {
  run: "4.2-run",
  quoting: "4.2-shell",
  stdin: "4.2-stdin",
  stream: "4.2-deadlock",
  text: "4.1-text",
  replace: "4.1-atomic",
  mode: "4.1-atomic",
  temp: "4.1-temp",
  processes: "4.2-processes",
  net: "4.3-socket",
};

describeMachine("this machine", ids, async () => {
  const folder = await mkdtempDisposable(join(tmpdir(), "opsbook-local-"));
  return { machine: local, folder: folder.path, [Symbol.asyncDispose]: () => folder.remove() };
});
