import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** One session a file, one cell a line: kernels that run at once never write to the same file. */
const SUFFIX = ".jsonl";
/** Sessions that are kept, and bytes of all of them together. */
const MAX_SESSIONS = 500;
const MAX_BYTES = 20 * 1024 * 1024;

export interface HistoryEntry {
  line: number;
  source: string;
}

/** The user's folder for it. Source: XDG Base Directory Specification 0.8. */
export function historyFolder(): string {
  return join(process.env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "opsbook", "history");
}

/** What cells ran, kept over the kernel's end. Readable by its user only. */
export class HistoryStore {
  readonly #folder: string;
  #file: string | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws the system's error when the disk refuses. */
  append(entry: HistoryEntry): void {
    this.#file ??= this.#create();
    appendFileSync(this.#file, `${JSON.stringify([entry.line, entry.source])}\n`);
  }

  /** Earlier sessions, the oldest first; `read` reads one when it is asked for. */
  earlier(): { read(): HistoryEntry[] }[] {
    // The worker made this process's own file, and the main thread reads too.
    const own = `-${process.pid}${SUFFIX}`;
    return this.#files()
      .filter((name) => !name.endsWith(own))
      .map((name) => ({ read: () => readEntries(join(this.#folder, name)) }));
  }

  #create(): string {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.#prune();
    const file = join(this.#folder, `${new Date().toISOString().replaceAll(":", "")}-${process.pid}${SUFFIX}`);
    writeFileSync(file, "", { flag: "wx", mode: 0o600 });
    return file;
  }

  /** Times in names sort as texts. */
  #files(): string[] {
    try {
      return readdirSync(this.#folder)
        .filter((name) => name.endsWith(SUFFIX))
        .sort();
    } catch {
      return [];
    }
  }

  #prune(): void {
    let bytes = 0;
    for (const [age, name] of this.#files().reverse().entries()) {
      const file = join(this.#folder, name);
      bytes += statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      if (age >= MAX_SESSIONS - 1 || bytes > MAX_BYTES) rmSync(file, { force: true });
    }
  }
}

function readEntries(file: string): HistoryEntry[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    // Pruned by another kernel meanwhile.
    return [];
  }
  return text.split("\n").flatMap((line) => {
    try {
      const entry: unknown = JSON.parse(line);
      if (!Array.isArray(entry) || typeof entry[0] !== "number" || typeof entry[1] !== "string") return [];
      return [{ line: entry[0], source: entry[1] }];
    } catch {
      // Torn by a power cut.
      return [];
    }
  });
}
