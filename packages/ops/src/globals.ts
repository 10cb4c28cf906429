import { createRequire } from "node:module";
import type { helpOn } from "./help.ts";

/**
 * The names a cell has without an import. Installing them loads nothing: each is a getter that loads its domain when
 * it is touched for the first time, and from then on a plain value. A cell may declare or assign the same name.
 */

type Domain = "bytes" | "core" | "files" | "http" | "local" | "net" | "path" | "proc" | "sh" | "ssh" | "users";

const NAMES: Readonly<Record<Domain, readonly string[]>> = {
  bytes: ["bytes"],
  core: ["all", "guard", "GuardError", "Plan", "PlanError", "redact", "Secret"],
  files: ["files", "FilesError"],
  http: ["http", "HttpError"],
  net: ["net", "NetError"],
  path: ["path"],
  proc: ["proc", "ProcError"],
  sh: ["sh", "CommandError"],
  ssh: ["ssh", "SshError"],
  local: ["local"],
  users: ["users", "UsersError"],
};

/** Inside the repository the sources run; a packed library has JavaScript beside the same names. */
const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
const require = createRequire(import.meta.url);

/** Where a kernel looks for help on preloaded names. */
const HELP = Symbol.for("opsbook.help");

function load(domain: Domain): object {
  const file = domain === "local" ? "./local" : `./${domain}/index`;
  const loaded: unknown = require(`${file}${extension}`);
  if (typeof loaded !== "object" || loaded === null) throw new TypeError(`${file} is not a module`);
  return loaded;
}

/** Defines the names on `target`, normally `globalThis`. */
export function install(target: object): void {
  for (const domain of Object.keys(NAMES) as Domain[]) {
    for (const name of NAMES[domain]) defineLazy(target, name, domain);
  }
  Object.defineProperty(target, HELP, { value: help, configurable: true, enumerable: false, writable: true });
}

/** Help on a name, for the kernel. */
function help(chain: string): unknown {
  // The module exports the function by this name.
  const module = require(`./help${extension}`) as { helpOn: typeof helpOn };
  return module.helpOn(chain, (name) =>
    (Object.keys(NAMES) as Domain[]).find((domain) => NAMES[domain].includes(name)),
  );
}

function defineLazy(target: object, name: string, domain: Domain): void {
  const settle = (value: unknown) =>
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
  Object.defineProperty(target, name, {
    configurable: true,
    enumerable: false,
    get: () => {
      const value: unknown = Reflect.get(load(domain), name);
      settle(value);
      return value;
    },
    set: settle,
  });
}
