/** Runs as root inside a chroot: what must not be removed is refused there, and nothing is gone. Prints JSON. */
import { execFileSync } from "node:child_process";
import { GuardError } from "../core/guard.ts";
import { FilesError } from "./error.ts";
import { files } from "./index.ts";

const list = () => execFileSync("find", ["/", "-xdev", "-not", "-path", "/proc/*"], { encoding: "utf8" });
const before = list();
const outcomes: Record<string, string> = {};
const empty = process.env.OPSBOOK_NOT_SET ?? "";
const home = process.env.HOME ?? "/root";
for (const path of [
  "/",
  empty,
  "/..",
  "~",
  home,
  "/etc",
  "/srv/app/../..",
  "/data",
  "/srv",
  "/srv/root",
  "/data/.",
  "/mnt",
]) {
  try {
    await (await files.removeTree(path)).apply();
    outcomes[path] = "removed";
  } catch (error) {
    if (error instanceof GuardError) outcomes[path] = error.rule;
    else if (error instanceof FilesError) outcomes[path] = error.code;
    else throw error;
  }
}
const unchanged = list() === before;
const plan = await files.removeTree("/srv/app/");
const removed = await plan.apply();
console.log(JSON.stringify({ outcomes, unchanged, removed, left: await files.exists("/srv/app") }));
