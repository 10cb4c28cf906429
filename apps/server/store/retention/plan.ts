/** A stored spool or blob as collection sees it. */
export interface StoredFile {
  kind: "spool" | "blob";
  /** The output's id, or the SHA-256. */
  id: string;
  /** On disk; of a file with several names a share of it. */
  bytes: number;
  /** Last written, in milliseconds since 1970. */
  at: number;
  /** A cell prints into it now. */
  open: boolean;
}

export interface RetentionPolicy {
  /** Spools of one notebook, in bytes. */
  notebookBytes: number;
  /** Spools and blobs of the whole folder, in bytes. */
  folderBytes: number;
  /** What no notebook refers to is kept for this long, in milliseconds. */
  keepMs: number;
}

export interface CollectionPlan {
  /** Nobody refers to them. */
  remove: StoredFile[];
  /** Logs that a notebook refers to, of which start and end stay. */
  cut: StoredFile[];
}

/** What was written lately may be on its way into a notebook's log. */
const GRACE_MS = 3_600_000;

/** A log that is no longer is kept whole: cutting it would free nothing, and the `.ipynb` has all of it. */
const CUT_BYTES = 1_150_000;

/**
 * What to collect. `owners`: for each notebook the ids it refers to. What is referred to is never removed; whole logs
 * are cut when a quota forces it, oldest first. Values of outputs (blobs) that are referred to always stay: the next
 * save needs them.
 */
export function planCollection(
  files: readonly StoredFile[],
  { owners, policy, now }: { owners: readonly ReadonlySet<string>[]; policy: RetentionPolicy; now: number },
): CollectionPlan {
  const remove = new Set<StoredFile>();
  const cut = new Set<StoredFile>();
  const oldestFirst = files.toSorted((a, b) => a.at - b.at);
  const isReferred = (file: StoredFile) => owners.some((ids) => ids.has(file.id));
  const unused = oldestFirst.filter((file) => !file.open && now - file.at > GRACE_MS && !isReferred(file));
  for (const file of unused) if (now - file.at > policy.keepMs) remove.add(file);

  const weigh = (some: readonly StoredFile[]) =>
    some.reduce((sum, file) => sum + (remove.has(file) ? 0 : cut.has(file) ? CUT_BYTES : file.bytes), 0);
  const cutOldest = (candidates: readonly StoredFile[], excess: number) => {
    for (const file of candidates) {
      if (excess <= 0) return;
      if (file.kind !== "spool" || file.open || file.bytes <= CUT_BYTES || remove.has(file) || cut.has(file)) continue;
      cut.add(file);
      excess -= file.bytes - CUT_BYTES;
    }
  };
  for (const ids of owners) {
    const spools = oldestFirst.filter((file) => file.kind === "spool" && ids.has(file.id));
    cutOldest(spools, weigh(spools) - policy.notebookBytes);
  }
  let excess = weigh(oldestFirst) - policy.folderBytes;
  for (const file of unused) {
    if (excess <= 0) break;
    if (remove.has(file)) continue;
    remove.add(file);
    excess -= file.bytes;
  }
  cutOldest(oldestFirst.filter(isReferred), weigh(oldestFirst) - policy.folderBytes);
  return { remove: [...remove], cut: [...cut] };
}
