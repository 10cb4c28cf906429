import type { JsonObject, JsonValue } from "@opsbook/jupyter/codec";
import { flagField, numberField, textField } from "./requests.ts";

const SESSION = 0;
const MAX_ENTRIES = 10_000;

interface Entry {
  line: number;
  source: string;
  output: string | null;
}

/** What was run in this process. Earlier sessions are the server's business. */
export class History {
  readonly #entries: Entry[] = [];

  add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
  }

  answer(request: JsonObject): JsonObject {
    const withOutput = flagField(request, "output", false);
    const history = this.#select(request).map(
      ({ line, source, output }): JsonValue => [SESSION, line, withOutput ? [source, output] : source],
    );
    return { status: "ok", history };
  }

  #select(request: JsonObject): Entry[] {
    const count = numberField(request, "n", 10);
    switch (textField(request, "hist_access_type")) {
      case "tail":
        return this.#entries.slice(-count);
      case "range": {
        const start = numberField(request, "start", 0);
        const stop = numberField(request, "stop", Number.POSITIVE_INFINITY);
        return this.#entries.filter(({ line }) => line >= start && line < stop);
      }
      case "search": {
        const pattern = globPattern(textField(request, "pattern", "*"));
        const found = this.#entries.filter(({ source }) => pattern.test(source));
        const unique = flagField(request, "unique", false) ? uniqueSources(found) : found;
        return unique.slice(-count);
      }
      default:
        return [];
    }
  }
}

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
