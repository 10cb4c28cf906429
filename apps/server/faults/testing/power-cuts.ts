import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { newNotebook, parseNotebook, serializeNotebook } from "@opsbook/notebook";
import { writeSynced } from "../../store/atomic-write.ts";
import type { LoopDisk } from "./loop-disk.ts";
import { Person } from "./person.ts";
import { NOTEBOOK, type Scratch } from "./real-server.ts";

/** A cell that the file holds from the start, with an output whose text lives in a spool once it is open. */
const KEPT = { id: "kept", text: "printed before the cut\n" };

export interface PowerCuts {
  cuts: number;
  /** Milliseconds a server works before its disk is cut, at most. */
  within: number;
  env?: Readonly<Record<string, string>>;
}

/**
 * Cuts the power again and again while somebody works; opens what each cut left. Answers with what was lost, in
 * words: nothing, where every accepted edit and every saved output is there.
 */
export async function cutPower(disk: LoopDisk, scratch: Scratch, options: PowerCuts): Promise<string[]> {
  const served = join(disk.folder, "served");
  mkdirSync(served, { mode: 0o700 });
  await writeSynced(join(served, NOTEBOOK), Buffer.from(firstNotebook()), 0o644);
  const server = await scratch.start(served, options.env ? { env: options.env } : {});
  const person = new Person();
  await person.connect(server);
  const lost: string[] = [];
  for (let cut = 0; cut < options.cuts; cut++) {
    const before = person.accepted.length;
    let working = true;
    const work = async () => {
      for (let n = 0; working; n++) if (!(await person.add(`cell ${n} before cut ${cut}`))) return;
    };
    const worked = work();
    await wait(Math.random() * options.within);
    await person.client.until(() => person.accepted.length > before);
    // Standing still makes the copy one moment of the disk, as a cut does.
    process.kill(server.pid, "SIGSTOP");
    const then = person.copy();
    const copy = disk.copy();
    working = false;
    process.kill(server.pid, "SIGCONT");
    await worked;
    try {
      await reopen(copy, scratch, then);
    } catch (error) {
      lost.push(`cut ${cut} after ${then.accepted.length} accepted edits: ${(error as Error).message}`);
    } finally {
      copy[Symbol.dispose]();
    }
  }
  await server.stop();
  return lost;
}

async function reopen(disk: LoopDisk, scratch: Scratch, person: Person): Promise<void> {
  const served = join(disk.folder, "served");
  const server = await scratch.start(served);
  try {
    const client = await server.connect();
    person.compare(client.cells);
  } finally {
    await server.stop();
  }
  const parsed = parseNotebook(readFileSync(join(served, NOTEBOOK), "utf8"));
  if (!parsed.ok) throw new Error(`the notebook's file is broken: ${parsed.message}`);
  const kept = parsed.notebook.cells.find(({ id }) => id === KEPT.id);
  const output = kept?.cell_type === "code" ? kept.outputs[0] : undefined;
  if (output?.output_type !== "stream" || output.text !== KEPT.text) throw new Error("a saved output is lost");
}

function firstNotebook(): string {
  const output = { output_type: "stream" as const, name: "stdout" as const, text: KEPT.text };
  const cell = { id: KEPT.id, cell_type: "code" as const, source: "print", metadata: {}, execution_count: 1 };
  const kernelspec = { name: "none", display_name: "none", language: "" };
  return serializeNotebook({ ...newNotebook(), metadata: { kernelspec }, cells: [{ ...cell, outputs: [output] }] });
}
