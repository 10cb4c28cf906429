import { enableCompileCache, flushCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

/** Milliseconds after its start at which a thread writes what it compiled: then it has other things behind it. */
const SETTLED = 3000;

/*
 * V8's compiled code of what a kernel loads, kept for the next one: a quarter of its start. Node writes it when a process
 * ends by itself, and kernels are often killed, so it is written early. Each thread has its own.
 */
export function enableCache() {
  const folder = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  enableCompileCache(process.env.NODE_COMPILE_CACHE || join(folder, "opsbook", "compiled"));
  setTimeout(flushCompileCache, SETTLED).unref();
}
