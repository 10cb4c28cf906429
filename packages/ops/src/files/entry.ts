import { posix } from "node:path";
import { displaySymbol, type MimeBundle, type TableField, tableBundle } from "../core/display.ts";
import { formatMode, formatPermissions } from "./mode.ts";
import type { RawStat } from "./port.ts";

export type FileKind = "file" | "folder" | "link" | "device" | "pipe" | "socket";

/** What is known of a file. Where an entry is wanted as an argument of a command it stands for its path. */
export interface FileEntry {
  readonly name: string;
  readonly path: string;
  readonly kind: FileKind;
  /** Bytes. */
  readonly size: number;
  /** Permissions, for instance `"0644"`. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Last change of the content. */
  readonly modified: Date;
  readonly accessed: Date;
  /** Last change of content, owner or mode; never the time of creation. Unknown over SFTP. */
  readonly inodeChanged: Date | undefined;
  /** Creation, where the file system knows it. */
  readonly born: Date | undefined;
}

const FIELDS: readonly TableField[] = [
  { name: "name", type: "string" },
  { name: "kind", type: "string" },
  { name: "size", type: "integer" },
  { name: "permissions", type: "string" },
  { name: "uid", type: "integer" },
  { name: "gid", type: "integer" },
  { name: "modified", type: "datetime" },
];

export function createEntry(path: string, stat: RawStat): FileEntry {
  const entry = {
    name: posix.basename(path) || path,
    path,
    kind: kindOf(stat.mode),
    size: stat.size,
    mode: formatMode(stat.mode),
    uid: stat.uid,
    gid: stat.gid,
    modified: new Date(stat.modifiedMs),
    accessed: new Date(stat.accessedMs),
    inodeChanged: toDate(stat.inodeChangedMs),
    born: toDate(stat.bornMs),
  };
  return Object.freeze(withTable(entry, () => [[entry, stat.mode]]));
}

/** Entries in the order given, which a notebook shows as a table. */
export function createListing(folder: string, items: readonly { name: string; stat: RawStat }[]): readonly FileEntry[] {
  const entries = items.map((item) => createEntry(posix.join(folder, item.name), item.stat));
  return withTable(entries, () => entries.map((entry, index) => [entry, items[index]?.stat.mode ?? 0]));
}

function withTable<T extends object>(value: T, rows: () => readonly (readonly [FileEntry, number])[]): T {
  const bundle = (): MimeBundle =>
    tableBundle(
      FIELDS,
      rows().map(([entry, mode]) => ({
        name: entry.name,
        kind: entry.kind,
        size: entry.size,
        permissions: formatPermissions(mode),
        uid: entry.uid,
        gid: entry.gid,
        modified: entry.modified.toISOString(),
      })),
    );
  return Object.defineProperty(value, displaySymbol, { value: bundle });
}

export function kindOf(mode: number): FileKind {
  switch (mode & 0o170000) {
    case 0o040000:
      return "folder";
    case 0o120000:
      return "link";
    case 0o060000:
    case 0o020000:
      return "device";
    case 0o010000:
      return "pipe";
    case 0o140000:
      return "socket";
    default:
      return "file";
  }
}

function toDate(milliseconds: number | undefined): Date | undefined {
  return milliseconds === undefined || milliseconds === 0 ? undefined : new Date(milliseconds);
}
