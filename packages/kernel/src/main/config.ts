import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

interface OptionKind {
  readonly type: "boolean";
  readonly default: boolean;
  readonly summary: string;
}

/** What a person may set; in files and on the command line the names begin with `kernel.`. */
const OPTIONS = {
  autoDisplay: { type: "boolean", default: true, summary: "Show the value of a cell's last expression." },
  timing: { type: "boolean", default: false, summary: "Say below each cell how long it took." },
} as const satisfies Record<string, OptionKind>;

export type OptionName = keyof typeof OPTIONS;

/** Where a value comes from; what stands first wins. */
export type Origin = "cell" | "flag" | "folder" | "user" | "default";

export interface OptionInfo {
  readonly name: string;
  readonly type: string;
  readonly value: boolean;
  readonly origin: Origin;
  readonly summary: string;
}

/** The kernel's options: by a cell, at start, of the folder, of the user, or as they are by default. */
export class Config {
  /** What was wrong with files and flags; those values do not count. */
  readonly problems: string[] = [];
  readonly #values = new Map<OptionName, { value: boolean; origin: Origin }>();

  /** `folder` is the notebook's; the next `.opsbook/config.json` at or above it counts. */
  constructor(folder: string, sets: readonly string[]) {
    this.#readFile(join(userFolder(), "config.json"), "user");
    const state = stateFolder(folder);
    if (state) this.#readFile(join(state, "config.json"), "folder");
    for (const set of sets) {
      const equals = set.indexOf("=");
      this.#try(set.slice(0, equals).replace(/^kernel\./, ""), set.slice(equals + 1), {
        origin: "flag",
        place: "--set",
      });
    }
  }

  get(name: OptionName): boolean {
    return this.#values.get(name)?.value ?? OPTIONS[name].default;
  }

  /** @throws ReferenceError for a name that is no option. */
  value(name: string): boolean {
    return this.get(optionName(name));
  }

  /** @throws TypeError for a value of another type, ReferenceError for a name that is no option. */
  set(name: string, value: unknown, origin: Origin = "cell"): void {
    const key = optionName(name);
    this.#values.set(key, { value: parse(key, value), origin });
  }

  list(): OptionInfo[] {
    return (Object.keys(OPTIONS) as OptionName[]).map((name) => ({
      name,
      type: OPTIONS[name].type,
      value: this.get(name),
      origin: this.#values.get(name)?.origin ?? "default",
      summary: OPTIONS[name].summary,
    }));
  }

  #readFile(file: string, origin: Origin): void {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch {
      return;
    }
    try {
      const settings: unknown = JSON.parse(text);
      for (const [key, value] of Object.entries(Object(settings))) {
        if (key.startsWith("kernel.")) this.#try(key.slice("kernel.".length), value, { origin, place: file });
      }
    } catch {
      this.problems.push(`${file} is not JSON and was left out.`);
    }
  }

  #try(name: string, value: unknown, { origin, place }: { origin: Origin; place: string }): void {
    try {
      this.set(name, value, origin);
    } catch (error) {
      this.problems.push(`${place}: ${error instanceof Error ? error.message : error}`);
    }
  }
}

function optionName(name: string): OptionName {
  if (Object.hasOwn(OPTIONS, name)) return name as OptionName;
  throw new ReferenceError(`There is no option ${name}. The options are: ${Object.keys(OPTIONS).join(", ")}.`);
}

function parse(name: OptionName, given: unknown): boolean {
  const value = given === "true" ? true : given === "false" ? false : given;
  if (typeof value === "boolean") return value;
  throw new TypeError(`${name} takes true or false, not ${JSON.stringify(given)}.`);
}

/** Source: XDG Base Directory Specification 0.8. */
export function userFolder(): string {
  return join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "opsbook");
}

/** The `.opsbook` folder at or above a folder. */
export function stateFolder(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const state = join(at, ".opsbook");
    if (existsSync(state)) return state;
    if (dirname(at) === at) return null;
  }
}
