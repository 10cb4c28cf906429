import { createHash } from "node:crypto";

/** Names what belongs to the notebook at `path`: the same for the same path, so that a reloaded page finds its session. */
export const notebookKey = (path: string): string => createHash("sha256").update(path).digest("hex").slice(0, 24);
