export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function parentPath(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

export function joinPath(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** Where `path` is after `from` was renamed to `to`; null when it is not concerned. */
export function movedPath(path: string, from: string, to: string): string | null {
  if (path === from) return to;
  return path.startsWith(`${from}/`) ? to + path.slice(from.length) : null;
}

/**
 * A file name fit to be shown: control characters and those that turn the direction of writing are made visible,
 * so that `exe.txt` cannot be written backwards and a line break cannot fake a second row.
 */
export function displayName(name: string): string {
  return name.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, "\ufffd");
}

/** Why a name cannot be given to a file, or null. */
export function nameProblem(name: string): string | null {
  if (name.trim() === "") return "A name is needed.";
  if (name.includes("/")) return "A name has no slash in it.";
  if (name === "." || name === "..") return "That name means a folder.";
  if (name.startsWith(".")) return "Names that begin with a dot are hidden and kept from the browser.";
  if (/[\p{Cc}]/u.test(name)) return "A name has no control characters in it.";
  return new TextEncoder().encode(name).length > 255 ? "The name is too long." : null;
}
