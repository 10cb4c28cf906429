import { posix } from "node:path";

/** A file's name or path, never a URL and never followed: nothing here looks at a disk. */
export type PathLike = string | Path;

/**
 * A POSIX path taken apart. Immutable; where a text is wanted it stands for itself. The rules are those of Python's
 * `PurePosixPath`.
 */
export class Path {
  /** The path as a text. */
  readonly path: string;

  constructor(text: string) {
    if (text.includes("\0")) throw new TypeError(`not a path: ${JSON.stringify(text)}`);
    this.path = collapse(text);
    Object.freeze(this);
  }

  /** The last part: `b.tar.gz` of `/a/b.tar.gz`, empty for `/`. */
  get name(): string {
    return this.path === "/" || this.path === "//" || this.path === "." ? "" : posix.basename(this.path);
  }

  /** The name without its last suffix. */
  get stem(): string {
    const { name, suffix } = this;
    return suffix === "" ? name : name.slice(0, -suffix.length);
  }

  /** The last suffix with its dot: `.gz`; empty for `.bashrc`. */
  get suffix(): string {
    const { name } = this;
    const dot = name.lastIndexOf(".");
    return dot > 0 && dot < name.length - 1 ? name.slice(dot) : "";
  }

  /** All suffixes: `[".tar", ".gz"]`. */
  get suffixes(): string[] {
    if (this.name.endsWith(".")) return [];
    return this.name
      .replace(/^\.+/, "")
      .split(".")
      .slice(1)
      .map((part) => `.${part}`);
  }

  /** The folder above; of `/` and `.` itself. */
  get parent(): Path {
    const { parts } = this;
    const rest = parts.length === 1 && this.isAbsolute ? parts : parts.slice(0, -1);
    return fromParts(rest);
  }

  get isAbsolute(): boolean {
    return this.path.startsWith("/");
  }

  /** `["/", "a", "b"]` of `/a/b`. */
  get parts(): string[] {
    if (this.path === ".") return [];
    const root = /^\/*/.exec(this.path)?.[0] ?? "";
    const rest = this.path
      .slice(root.length)
      .split("/")
      .filter((part) => part !== "");
    return root === "" ? rest : [root, ...rest];
  }

  /** Further parts below this one; an absolute one starts over. */
  join(...parts: readonly PathLike[]): Path {
    return parts
      .map(String)
      .reduce((base: Path, part) => new Path(part.startsWith("/") ? part : `${base}/${part}`), this);
  }

  /** Without `..` and `.`, by the text alone: wrong where a part is a symbolic link. */
  normal(): Path {
    return new Path((this.path.startsWith("//") ? "/" : "") + posix.normalize(this.path));
  }

  /** From `base` to here, with `..` where it must be. @throws TypeError when only one of them is absolute. */
  relativeTo(base: PathLike): Path {
    const from = new Path(String(base));
    if (from.isAbsolute !== this.isAbsolute) {
      throw new TypeError(`${this} and ${from}: one is absolute and the other is not, so there is no way between them`);
    }
    const start = from.isAbsolute ? "" : "/";
    return new Path(posix.relative(`${start}${from}`, `${start}${this}`));
  }

  /** Whether this lies at or below `folder`, by the text alone. */
  isUnder(folder: PathLike): boolean {
    const here = this.normal().parts;
    return new Path(String(folder)).normal().parts.every((part, index) => here[index] === part);
  }

  /** The same folder, another name. */
  withName(name: string): Path {
    if (this.name === "" || name === "" || name === "." || name.includes("/")) {
      throw new TypeError(`${JSON.stringify(name)} cannot stand for the name in ${this}`);
    }
    return this.parent.join(name);
  }

  /** The same name with another last suffix; an empty one removes it. */
  withSuffix(suffix: string): Path {
    if (suffix !== "" && !/^\.[^/]*[^/.]$/.test(suffix)) {
      throw new TypeError(`${JSON.stringify(suffix)} is no suffix; write ".txt"`);
    }
    return this.withName(this.stem + suffix);
  }

  toString(): string {
    return this.path;
  }

  toJSON(): string {
    return this.path;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `path(${JSON.stringify(this.path)})`;
  }
}

/** Doubled slashes and `.` mean nothing, except exactly two slashes at the start (POSIX 4.13). */
function collapse(text: string): string {
  const root = /^\/*/.exec(text)?.[0] ?? "";
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  return (root.length === 2 ? "//" : root.slice(0, 1)) + parts.join("/") || ".";
}

function fromParts(parts: readonly string[]): Path {
  const [first, ...rest] = parts;
  if (first === undefined) return new Path(".");
  return new Path(first.startsWith("/") ? first + rest.join("/") : parts.join("/"));
}

/**
 * A path to take apart or to build on.
 *
 * @example
 * const log = path("/var/log/app/today.log.gz");
 * [log.parent.name, log.suffixes, String(log.withName("old.gz"))]; // ["app", [".log", ".gz"], "/var/log/app/old.gz"]
 */
export function path(...parts: readonly [PathLike, ...PathLike[]]): Path {
  const [first, ...rest] = parts;
  return new Path(String(first)).join(...rest);
}
