import { readFileSync, statSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { constants, Script } from "node:vm";
import { KernelError } from "../error.ts";
import { OWN } from "../typescript-hook.mjs";
import { currentExecution, type Execution } from "./execution.ts";

type Namespace = Record<string, unknown>;
type Import = (specifier: string, options?: ImportCallOptions) => Promise<Namespace>;

/** What tells a later version of a module from the one before; the engine never forgets a URL. */
const VERSION = "opsbook-version";
const VERSION_SUFFIX = new RegExp(`\\?${VERSION}=\\d+`, "g");

/** URLs as the person knows them. */
export function plainUrls(text: string): string {
  return text.includes(VERSION) ? text.replace(VERSION_SUFFIX, "") : text;
}

interface Known {
  /** 0 for the first one, which has its plain URL. */
  version: number;
  /** Of the file when this version was asked for. */
  fingerprint: string;
  importers: Set<string>;
}

/**
 * The modules that cells import, from the notebook's folder on. A file that changed on disk is loaded anew by the next
 * import of a cell that leads to it, and so is every module that depends on it; what did not change keeps its state.
 * Packages in node_modules stay as they are until somebody reloads them.
 */
export class Modules {
  /** The URL of a file in the notebook's folder, where imports and `require` begin. */
  readonly referrer: string;
  /** `require` of cells. */
  readonly require: NodeJS.Require;
  readonly #load: Import;
  readonly #require: NodeJS.Require;
  readonly #known = new Map<string, Known>();
  /** What cells called the modules they imported. */
  readonly #called = new Map<string, string>();
  /** Modules asked for the first time, or in a new version, since the last import of a cell ended. */
  readonly #fresh = new Set<string>();
  /** Whose import has begun and not ended. */
  #loadingFor: Execution | undefined;

  constructor(folder: string) {
    this.referrer = pathToFileURL(join(folder, "notebook.ts")).href;
    this.#load = importFrom(folder);
    this.#require = createRequire(this.referrer);
    const require = (specifier: string): unknown => {
      this.#begin();
      const exported: unknown = this.#require(specifier);
      this.#end();
      return exported;
    };
    this.require = Object.assign(require, this.#require);
    registerHooks({
      resolve: (specifier, context, next) => {
        const resolved = next(specifier, context);
        // A required module is forgotten by its name instead.
        const required = context.conditions.includes("require");
        const version = this.#resolved(specifier, { url: plainUrls(resolved.url), importer: context.parentURL });
        return version === 0 || required ? resolved : { ...resolved, url: `${resolved.url}?${VERSION}=${version}` };
      },
    });
  }

  /** `import()` of a cell. */
  readonly import: Import = async (specifier, options) => {
    this.#begin();
    try {
      return await this.#load(specifier, options);
    } catch (error) {
      // The engine remembers failures, and the next attempt shall be one.
      this.#forgetFresh();
      throw error;
    } finally {
      this.#end();
    }
  };

  /** A static import of a cell, which uses the `needed` names, and has the `wanted` ones for later. */
  readonly importNames = async (
    specifier: string,
    needed: readonly string[],
    wanted: readonly string[],
    options?: ImportCallOptions,
  ): Promise<Namespace> => {
    const namespace = withCommonJsNames(await this.import(specifier, options), [...needed, ...wanted]);
    const missing =
      needed.find((name) => !(name in namespace)) ??
      wanted.find((name) => !(name in namespace) && !this.#mentions(specifier, name));
    if (missing === undefined) return namespace;
    const advice = needed.includes(missing) ? "" : ` If it is a type, write: import { type ${missing} }.`;
    throw new SyntaxError(`The module "${specifier}" has no export named "${missing}".${advice}`);
  };

  /**
   * Makes the next import load this module anew, together with all that depend on it, changed or not. Answers their
   * URLs. Throws `KernelError` `not-imported`.
   */
  forget(specifier: string): ReadonlySet<string> {
    const url = this.urlOf(specifier) ?? this.urlOf(`./${specifier}`) ?? asFile(specifier, this.referrer);
    if (!this.#known.has(url)) {
      throw new KernelError("not-imported", `Nothing was imported from ${JSON.stringify(specifier)} yet.`);
    }
    const affected = this.#withImporters([url]);
    for (const one of affected) this.#forget(one);
    this.#forgetChanged();
    return affected;
  }

  /** The module that cells mean by a specifier, null before it was imported. */
  urlOf(specifier: string): string | null {
    return this.#called.get(specifier) ?? null;
  }

  /** Answers the version to use. */
  #resolved(specifier: string, at: { url: string; importer: string | undefined }): number {
    const { url } = at;
    const importer = at.importer === undefined ? undefined : plainUrls(at.importer);
    if (!url.startsWith("file:") || url.startsWith(OWN)) return 0;
    if (importer === this.referrer) this.#called.set(specifier, url);
    let known = this.#known.get(url);
    if (!known) {
      known = { version: 0, fingerprint: fingerprintOf(url), importers: new Set() };
      this.#known.set(url, known);
      this.#fresh.add(url);
    }
    if (importer !== undefined && importer !== this.referrer) known.importers.add(importer);
    return known.version;
  }

  #begin(): void {
    // What was cut off while it loaded would stay half loaded.
    if (this.#loadingFor?.interrupted) this.#forgetFresh();
    this.#forgetChanged();
    this.#loadingFor = currentExecution();
  }

  #end(): void {
    this.#loadingFor = undefined;
    this.#fresh.clear();
  }

  #forgetFresh(): void {
    for (const url of this.#fresh) this.#forget(url);
  }

  #forgetChanged(): void {
    const changed: string[] = [];
    for (const [url, { fingerprint }] of this.#known) {
      if (!url.includes("/node_modules/") && fingerprintOf(url) !== fingerprint) changed.push(url);
    }
    if (changed.length > 0) for (const url of this.#withImporters(changed)) this.#forget(url);
  }

  #withImporters(urls: readonly string[]): Set<string> {
    const found = new Set<string>();
    const visit = (url: string): void => {
      if (found.has(url)) return;
      found.add(url);
      for (const importer of this.#known.get(url)?.importers ?? []) visit(importer);
    };
    for (const url of urls) visit(url);
    return found;
  }

  #forget(url: string): void {
    const known = this.#known.get(url);
    if (!known) return;
    known.version++;
    known.fingerprint = fingerprintOf(url);
    this.#fresh.add(url);
    delete this.#require.cache[fileURLToPath(url)];
  }

  /** Whether the module's own text, when it is TypeScript, has the name: then it is a type. */
  #mentions(specifier: string, name: string): boolean {
    const url = this.urlOf(specifier);
    if (!url || !/\.[mc]?ts$/.test(url)) return false;
    const words: string[] = readFileSync(fileURLToPath(url), "utf8").match(/[\p{ID_Continue}$]+/gu) ?? [];
    return words.includes(name);
  }
}

function asFile(specifier: string, referrer: string): string {
  return new URL(specifier, referrer).href;
}

/** Changes whenever the file is written or replaced; empty when it is not there. */
function fingerprintOf(url: string): string {
  const stats = statSync(fileURLToPath(url), { throwIfNoEntry: false, bigint: true });
  return stats ? `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}` : "";
}

/** What Node's scan of a CommonJS file did not find is looked for in what the file exported. */
function withCommonJsNames(namespace: Namespace, needed: readonly string[]): Namespace {
  const exported: unknown = namespace["module.exports"];
  if (typeof exported !== "object" || exported === null || needed.every((name) => name in namespace)) return namespace;
  return { ...exported, ...namespace };
}

/** A real `import()` whose referrer is a file in the notebook's folder. */
function importFrom(folder: string): Import {
  let warned = false;
  const script = new Script("(specifier, options) => import(specifier, options)", {
    filename: join(folder, "notebook.ts"),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  // The script is the arrow function above.
  const load = script.runInThisContext() as Import;
  return (specifier, options) => {
    if (warned) return load(specifier, options);
    // The first use of this loader prints a warning about itself, which would stand in a cell that did nothing odd.
    const { emitWarning } = process;
    process.emitWarning = () => {};
    try {
      return load(specifier, options);
    } finally {
      process.emitWarning = emitWarning;
      warned = true;
    }
  };
}
