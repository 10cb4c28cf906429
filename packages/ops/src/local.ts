import type { Machine } from "./core/machine.ts";
import { files } from "./files/index.ts";
import { net } from "./net/index.ts";
import { proc } from "./proc/index.ts";
import { sh } from "./sh/index.ts";

/**
 * This machine. Its members are the bare globals.
 *
 * @example
 * const uptime = async (machine: Machine) => (await machine.sh`uptime`.text()).trim();
 * await uptime(local);
 */
export const local: Machine = Object.freeze({ name: "local", sh, files, proc, net });
