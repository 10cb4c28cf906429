import type { JsonObject, JsonValue } from "@opsbook/jupyter/codec";
import { log } from "../log.ts";
import { flagField, numberField, textField } from "../worker/requests.ts";
import type { HistoryEntry, HistoryStore } from "./store.ts";

const MAX_ENTRIES = 10_000;
/** Shorter ones would tear ordinary words apart. */
const MIN_SECRET = 6;

interface Entry {
  /** 0 is this one; earlier ones count from 1. */
  session: number;
  line: number;
  source: string;
  output: string | null;
}

/** What was run in this process and, with a store, before it. */
export class History {
  readonly #entries: Entry[] = [];
  readonly #store: HistoryStore | null;
  /** Texts that must not be written. */
  readonly #secrets = new Set<string>();
  #broken = false;

  constructor(store: HistoryStore | null) {
    this.#store = store;
  }

  add(entry: Omit<Entry, "session">): void {
    this.#entries.push({ session: 0, ...entry });
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
    // As in shells: what begins with a space is not for the record.
    if (!this.#store || this.#broken || /^[ \t]/.test(entry.source)) return;
    try {
      this.#store.append({ line: entry.line, source: this.#scrubbed(entry.source) });
    } catch (error) {
      this.#broken = true;
      log(`History is not kept: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** A secret that cells spell out stays out of the file from now on. */
  hide(secret: unknown): void {
    if (typeof secret === "string" && secret.length >= MIN_SECRET) this.#secrets.add(secret);
  }

  #scrubbed(source: string): string {
    let text = source;
    for (const secret of this.#secrets) text = text.replaceAll(secret, "[secret]");
    return text;
  }

  answer(request: JsonObject): JsonObject {
    const withOutput = flagField(request, "output", false);
    const history = this.#select(request).map(
      ({ session, line, source, output }): JsonValue => [session, line, withOutput ? [source, output] : source],
    );
    return { status: "ok", history };
  }

  /** The newest entries; reads no more sessions than it has to. */
  #tail(count: number): Entry[] {
    let found = [...this.#entries];
    const earlier = this.#store?.earlier() ?? [];
    for (let i = earlier.length - 1; i >= 0 && found.length < count; i--) {
      const session = earlier[i];
      if (session) found = [...toEntries(session, i), ...found];
    }
    return found.slice(-count);
  }

  #all(): Entry[] {
    return [...(this.#store?.earlier() ?? []).flatMap(toEntries), ...this.#entries];
  }

  /** 0 is this session, -1 the one before; others by the number that answers give. */
  #session(wanted: number): Entry[] {
    if (wanted === 0) return this.#entries;
    const earlier = this.#store?.earlier() ?? [];
    const index = wanted < 0 ? earlier.length + wanted : wanted - 1;
    const session = earlier[index];
    return session ? toEntries(session, index) : [];
  }

  #select(request: JsonObject): Entry[] {
    const count = numberField(request, "n", 10);
    switch (textField(request, "hist_access_type")) {
      case "tail":
        return this.#tail(count);
      case "range": {
        const start = numberField(request, "start", 0);
        const stop = numberField(request, "stop", Number.POSITIVE_INFINITY);
        const session = this.#session(numberField(request, "session", 0));
        return session.filter(({ line }) => line >= start && line < stop);
      }
      case "search": {
        const pattern = globPattern(textField(request, "pattern", "*"));
        const found = this.#all().filter(({ source }) => pattern.test(source));
        const unique = flagField(request, "unique", false) ? uniqueSources(found) : found;
        return unique.slice(-count);
      }
      default:
        return [];
    }
  }
}

const toEntries = (read: { read(): HistoryEntry[] }, index: number): Entry[] =>
  read.read().map((entry) => ({ session: index + 1, output: null, ...entry }));

/** `*` and `?` as in a shell, over the whole source. */
function globPattern(glob: string): RegExp {
  const text = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[\\s\\S]*")
    .replaceAll("?", "[\\s\\S]");
  return new RegExp(`^${text}$`);
}

function uniqueSources(entries: readonly Entry[]): Entry[] {
  return [...new Map(entries.map((entry) => [entry.source, entry])).values()];
}
