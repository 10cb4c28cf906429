import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Entry,
  entrySchema,
  rejectionCodeSchema,
  type SessionState,
  timelineSchema,
} from "@opsbook/notebook/session";
import { z } from "zod";
import { writeAtomic } from "./atomic-write.ts";
import { FormatError, migrate, versionOf } from "./formats.ts";
import { GroupLog } from "./group-log.ts";

const flightSchema = z.object({
  executionId: z.string(),
  reply: z.object({ status: z.enum(["ok", "error", "not-run"]), count: z.number().int().nullable() }).nullable(),
  idle: z.boolean(),
  interrupted: z.boolean(),
});

/** How far the kernel's messages are part of the session: later ones are asked for again after a restart. */
const cursorSchema = z.object({
  kernelId: z.string(),
  kseq: z.number().int(),
  /** Bytes of each open stream output. */
  streams: z.record(z.string(), z.number().int()),
  /** Text of open streams that is not stored yet because a secret may begin with it; see the redactor. */
  held: z.record(z.string(), z.tuple([z.string(), z.number().int()])).optional(),
  /** The kernel has the host channel. */
  host: z.boolean().optional(),
  /** What the kernel said already of the end of each run it has. Earlier servers wrote the one there was. */
  flight: z.union([z.array(flightSchema), flightSchema.transform((flight) => [flight])]).optional(),
});
export type KernelCursor = z.infer<typeof cursorSchema>;

/** The `.ipynb` on disk has this SHA-256 and holds everything up to `seq`. */
const savedSchema = z.object({ seq: z.number().int(), hash: z.string() });
export type Saved = z.infer<typeof savedSchema>;

const snapshotSchema = z.object({
  version: z.literal(versionOf("session")),
  path: z.string(),
  seq: z.number().int(),
  state: z.custom<SessionState>((value) => typeof value === "object" && value !== null && "notebook" in value),
  /** Last submission of each client, newest client last. */
  clientSeqs: z.array(z.tuple([z.string(), z.number().int()])),
  /** Refused ones among them: client, number, code, message. */
  refusals: z.array(z.tuple([z.string(), z.number().int(), rejectionCodeSchema, z.string()])).default([]),
  saved: savedSchema.nullable(),
  /** What was about to become the `.ipynb`, and perhaps did. */
  saving: savedSchema.nullable().default(null),
  cursor: cursorSchema.nullable(),
  /** What the log told before it was cut. */
  timeline: timelineSchema,
});
export type Snapshot = z.infer<typeof snapshotSchema>;

/** The first line of a log. */
const headSchema = z.object({ log: z.object({ version: z.number().int() }) });
const LOG_HEAD = JSON.stringify({ log: { version: versionOf("session log") } } satisfies z.infer<typeof headSchema>);

const recordSchema = z.union([
  z.object({ entry: entrySchema }),
  z.object({ cursor: cursorSchema }),
  z.object({ saving: savedSchema }),
  z.object({ saved: savedSchema }),
]);
export type LogRecord = z.infer<typeof recordSchema>;

export interface Recovered {
  snapshot: Snapshot;
  /** What came after the snapshot, in order. */
  entries: Entry[];
  /** The newest first: a save that a crash cut short may have replaced the file or not. */
  saved: Saved[];
  cursor: KernelCursor | null;
}

const LOG_NAME = /^log-(\d+)\.jsonl$/;

/**
 * `.opsbook/sessions/<id>/`: `snapshot.json` and the log since. A log file is named by the sequence number
 * it starts after; the ones a newer snapshot covers are deleted once that is on disk.
 */
export class SessionFolder {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /**
   * Null for a new folder. Throws FormatError for what a newer program wrote, and other errors where the snapshot is
   * unreadable; a torn last log line is dropped.
   */
  async recover(): Promise<Recovered | null> {
    const text = await readFile(join(this.folder, "snapshot.json"), "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (text === null) return null;
    const snapshot = snapshotSchema.parse(migrate("session", JSON.parse(text), join(this.folder, "snapshot.json")));
    const saved = [snapshot.saving, snapshot.saved].filter((mark) => mark !== null);
    const recovered: Recovered = { snapshot, entries: [], saved, cursor: snapshot.cursor };
    let seq = snapshot.seq;
    for (const record of this.#logs().flatMap(({ file }) => readLog(file))) {
      if ("entry" in record) {
        if (record.entry.seq <= seq) continue;
        // A hole means an older log was lost: what follows cannot be applied.
        if (record.entry.seq !== seq + 1) break;
        seq = record.entry.seq;
        recovered.entries.push(record.entry);
      } else if ("cursor" in record) recovered.cursor = record.cursor;
      else if ("saving" in record) recovered.saved.unshift(record.saving);
      else recovered.saved = [record.saved];
    }
    return recovered;
  }

  /** Appends go here from now on. `trailer`: the kernel cursor, asked for with every write. */
  openLog(seq: number, trailer: () => KernelCursor | null): GroupLog {
    return new GroupLog(join(this.folder, `log-${seq}.jsonl`), LOG_HEAD, () => {
      const cursor = trailer();
      return cursor && JSON.stringify({ cursor } satisfies LogRecord);
    });
  }

  /**
   * After a write that failed: in a new file, because what a failed fsync left of the old one is unknown. One of the
   * same number holds no entry that `seq` does not cover.
   */
  openFreshLog(seq: number, trailer: () => KernelCursor | null): GroupLog {
    rmSync(join(this.folder, `log-${seq}.jsonl`), { force: true });
    return this.openLog(seq, trailer);
  }

  /** Replaces the snapshot, then drops the logs that began before it. */
  async writeSnapshot(snapshot: Snapshot): Promise<void> {
    await writeAtomic(join(this.folder, "snapshot.json"), JSON.stringify(snapshot), 0o600);
    for (const { file, from } of this.#logs()) if (from < snapshot.seq) rmSync(file);
  }

  #logs(): { file: string; from: number }[] {
    return readdirSync(this.folder)
      .flatMap((name) => {
        const from = LOG_NAME.exec(name)?.[1];
        return from === undefined ? [] : [{ file: join(this.folder, name), from: Number(from) }];
      })
      .sort((a, b) => a.from - b.from);
  }
}

function readLog(file: string): LogRecord[] {
  const records: LogRecord[] = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line === "" || isHead(line, file)) continue;
    const record = parseLine(line);
    // Nothing after a torn line was ever acknowledged.
    if (!record) break;
    records.push(record);
  }
  return records;
}

/** Throws FormatError for a log of a newer format. */
function isHead(line: string, file: string): boolean {
  if (!line.startsWith('{"log":')) return false;
  try {
    migrate("session log", headSchema.parse(JSON.parse(line)).log, file);
  } catch (error) {
    if (error instanceof FormatError) throw error;
    return false;
  }
  return true;
}

function parseLine(line: string): LogRecord | null {
  try {
    return recordSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
