import { existsSync, readFileSync, statSync } from "node:fs";
import { lstat, mkdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { moduleName } from "./code/module.ts";

/**
 * The folder in which a notebook's cells are modules. Only what the compiler reads from disk is in it: its settings,
 * the notebook's packages by a link, and no cell. Relative imports are looked up in the notebook's own folder.
 */
export class Project {
  readonly folder: string;
  /** The notebook's folder. */
  readonly home: string;
  #stamp = "";

  private constructor(folder: string, home: string) {
    this.folder = folder;
    this.home = home;
  }

  /** Throws the file system's error where the folder cannot be written. */
  static async create(folder: string, home: string): Promise<Project> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const project = new Project(folder, home);
    await project.#writeSettings();
    await project.#linkPackages();
    return project;
  }

  uri(cellId: string): string {
    return pathToFileURL(join(this.folder, `${moduleName(cellId)}.ts`)).href;
  }

  /** The cell of a module; null for every other file. */
  cellOf(uri: string): string | null {
    const path = pathOf(uri);
    if (path === null || dirname(path) !== this.folder) return null;
    return /[/\\]cell-([a-zA-Z0-9_-]+)\.ts$/.exec(path)?.[1] ?? null;
  }

  /**
   * Files on disk that changed since the last call, as the compiler has to be told: what cells import from beside the
   * notebook, and its packages.
   */
  async changes(specifiers: Iterable<string>): Promise<{ uri: string; type: number }[]> {
    const imported = [...specifiers].flatMap((specifier) =>
      ["", ".ts", ".js", ".json"].map((end) => join(this.home, specifier + end)),
    );
    const packages = nearestPackages(this.home);
    const watched = [
      join(this.home, "tsconfig.json"),
      ...imported,
      ...(packages === null ? [] : [packages, join(packages, ".package-lock.json")]),
    ];
    const stamps = watched.map((path) => [path, stampOf(path)] as const);
    const stamp = JSON.stringify(stamps);
    if (stamp === this.#stamp) return [];
    const isFirst = this.#stamp === "";
    this.#stamp = stamp;
    await this.#linkPackages();
    await this.#writeSettings();
    if (isFirst) return [];
    const changed = (path: string) => ({ uri: pathToFileURL(path).href, type: CHANGED });
    return [
      ...stamps.filter(([, at]) => at !== null).map(([path]) => changed(path)),
      changed(join(this.folder, "tsconfig.json")),
    ];
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  #writeSettings(): Promise<void> {
    return writeFile(join(this.folder, "tsconfig.json"), JSON.stringify(settings(this.home), null, 2));
  }

  /** So that packages are found as from the notebook's folder. */
  async #linkPackages(): Promise<void> {
    const link = join(this.folder, "node_modules");
    const packages = nearestPackages(this.home);
    const present = await readlink(link).catch(() => null);
    if (present === packages) return;
    if (await lstat(link).catch(() => null)) await rm(link, { recursive: true, force: true });
    if (packages !== null) await symlink(packages, link, "dir");
  }
}

/** `FileChangeType.Changed` of the protocol. */
const CHANGED = 2;

export function pathOf(uri: string): string | null {
  try {
    return fileURLToPath(uri);
  } catch {
    return null;
  }
}

function nearestPackages(home: string): string | null {
  for (let folder = home; ; folder = dirname(folder)) {
    const packages = join(folder, "node_modules");
    if (existsSync(packages)) return packages;
    if (dirname(folder) === folder) return null;
  }
}

function stampOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.mtimeMs} ${stat.size}`;
}

/** As the kernel, which the server does not import, decides which decorators a notebook's folder means. */
function experimentalDecorators(home: string): boolean {
  try {
    const text = readFileSync(join(home, "tsconfig.json"), "utf8");
    return /"experimentalDecorators"\s*:\s*true\b/.test(text.replace(/\/\*[\s\S]*?\*\/|(?<=^|[\s,{])\/\/.*$/gm, ""));
  } catch {
    return false;
  }
}

/** What a cell may do runs as it is: errors are told where a run would fail or a type says so, not for style. */
function settings(home: string): object {
  const require = createRequire(import.meta.url);
  const types = dirname(dirname(require.resolve("@types/node/package.json")));
  // Named by path, as the kernel itself is: the server imports neither.
  const globals = ["kernel", "ops"].map((name) =>
    fileURLToPath(new URL(`../../../packages/${name}/src/globals-types.ts`, import.meta.url)),
  );
  return {
    compilerOptions: {
      target: "esnext",
      lib: ["esnext"],
      module: "preserve",
      moduleResolution: "bundler",
      moduleDetection: "force",
      customConditions: ["node"],
      types: ["node"],
      typeRoots: [types],
      rootDirs: [".", home],
      strict: true,
      noImplicitAny: false,
      useUnknownInCatchVariables: false,
      experimentalDecorators: experimentalDecorators(home),
      allowJs: true,
      allowImportingTsExtensions: true,
      resolveJsonModule: true,
      allowUnreachableCode: true,
      allowUnusedLabels: true,
      skipLibCheck: true,
      noEmit: true,
    },
    files: globals.filter((path) => existsSync(path)),
    include: ["cell-*.ts"],
    typeAcquisition: { enable: false },
  };
}
