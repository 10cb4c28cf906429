import { readdirSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { matchesList, matchesPattern } from "./patterns.ts";

/** What `~/.ssh/config` says of a host. */
export interface HostConfig {
  /** The first value of each keyword, by its lower-case name. */
  readonly values: ReadonlyMap<string, string>;
  readonly identityFiles: readonly string[];
}

interface Subject {
  readonly host: string;
  readonly user: string | undefined;
}

const DEEPEST_INCLUDE = 16;

/**
 * Reads an OpenSSH client configuration for one host (ssh_config(5)). The first value of a keyword counts. `Match`
 * knows `all`, `host`, `originalhost`, `user`, `localuser`; a block with any other condition is passed over, and
 * `Match exec` is never executed.
 */
export function readSshConfig(paths: readonly string[], subject: Subject): HostConfig {
  const reader = new ConfigReader(subject);
  for (const path of paths) reader.file(path, 0);
  return { values: reader.values, identityFiles: reader.identityFiles };
}

class ConfigReader {
  readonly values = new Map<string, string>();
  readonly identityFiles: string[] = [];
  readonly #subject: Subject;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  file(path: string, depth: number, enclosing = true): void {
    const text = readOptional(path);
    if (text === undefined || depth > DEEPEST_INCLUDE) return;
    let active = enclosing;
    for (const line of text.split(/\r?\n/)) {
      const parsed = parseLine(line);
      if (parsed === undefined) continue;
      const [keyword, ...words] = parsed;
      if (keyword === "host") active = enclosing && matchesList(this.#subject.host, words);
      else if (keyword === "match") active = enclosing && this.#matches(words);
      else if (keyword === "include") {
        for (const included of words.flatMap((word) => expandInclude(word, path)))
          this.file(included, depth + 1, active);
      } else if (active) this.#take(keyword, words);
    }
  }

  #take(keyword: string, words: readonly string[]): void {
    const value = words.join(" ");
    if (keyword === "identityfile") this.identityFiles.push(value);
    else if (!this.values.has(keyword)) this.values.set(keyword, value);
  }

  #matches(words: readonly string[]): boolean {
    const criteria = [...words];
    while (criteria.length > 0) {
      const name = criteria.shift()?.toLowerCase();
      if (name === "all") continue;
      const patterns = (criteria.shift() ?? "").split(",");
      const subject = this.#subjectOf(name);
      if (subject === undefined || !matchesList(subject, patterns)) return false;
    }
    return true;
  }

  #subjectOf(criterion: string | undefined): string | undefined {
    switch (criterion) {
      case "host":
        return this.values.get("hostname")?.replaceAll("%h", this.#subject.host) ?? this.#subject.host;
      case "originalhost":
        return this.#subject.host;
      case "user":
        return this.#subject.user ?? this.values.get("user") ?? userInfo().username;
      case "localuser":
        return userInfo().username;
      default:
        return undefined;
    }
  }
}

function parseLine(line: string): [string, ...string[]] | undefined {
  const match = /^\s*([A-Za-z][A-Za-z0-9]*)(?:\s*=\s*|\s+)(.*)$/.exec(line);
  if (match === null) return undefined;
  const words = [...(match[2] ?? "").matchAll(/"([^"]*)"|(\S+)/g)].map((word) => word[1] ?? word[2] ?? "");
  const comment = words.findIndex((word) => word.startsWith("#"));
  return [(match[1] ?? "").toLowerCase(), ...(comment === -1 ? words : words.slice(0, comment))];
}

/** Relative names lie beside the file of the user or of the system that includes them. */
function expandInclude(word: string, from: string): string[] {
  const path = expandHome(word);
  const absolute = isAbsolute(path) ? path : join(dirname(from), path);
  const pattern = basename(absolute);
  if (!/[*?]/.test(pattern)) return [absolute];
  try {
    const names = readdirSync(dirname(absolute)).filter((name) => matchesPattern(name, pattern));
    return names.sort().map((name) => join(dirname(absolute), name));
  } catch {
    return [];
  }
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}

/** Replaces `%h`, `%p`, `%r`, `%u`, `%d`, `%%` and `~` in a value (ssh_config(5), TOKENS). */
export function expandTokens(
  value: string,
  facts: { readonly host: string; readonly port: number; readonly user: string },
): string {
  const tokens: Readonly<Record<string, string>> = {
    "%": "%",
    h: facts.host,
    p: String(facts.port),
    r: facts.user,
    u: userInfo().username,
    d: homedir(),
  };
  return expandHome(value.replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole));
}
