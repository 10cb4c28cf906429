import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Place } from "./place.ts";

const toldSchema = z.discriminatedUnion("told", [
  z.object({ told: z.literal("ready") }),
  z.object({ told: z.literal("exit") }),
  z.object({ told: z.literal("data"), name: z.string(), offset: z.int(), data: z.base64() }),
  z.object({ told: z.literal("event"), id: z.string(), kseq: z.int(), text: z.string() }),
]);
export type Told = z.output<typeof toldSchema>;

/** Starts a server in a process of its own; `onTold` hears what it reports. `kill` is a SIGKILL. */
export async function forkServer(
  place: Place,
  onTold: (told: Told) => void,
): Promise<{ child: ChildProcess; kill(): Promise<void> }> {
  const main = fileURLToPath(new URL("./server-process.ts", import.meta.url));
  const child = fork(main, [place.root, place.stateDir, place.runtimeDir]);
  const ready = Promise.withResolvers<void>();
  child.on("message", (message) => {
    const told = toldSchema.parse(message);
    if (told.told === "ready") ready.resolve();
    else onTold(told);
  });
  child.once("exit", () => ready.reject(new Error("The server process ended early.")));
  await ready.promise;
  return {
    child,
    kill: async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}
