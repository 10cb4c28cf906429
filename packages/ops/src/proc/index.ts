import { files } from "../files/index.ts";
import { createProc, killLocally, type Proc } from "./proc.ts";

import { readFromFiles } from "./source.ts";

export type { PsRow } from "./parse.ts";
export {
  createProc,
  type Kill,
  type Proc,
  ProcError,
  type ProcErrorCode,
  type ProcessFilter,
  type ProcessInfo,
  type SignalManyOptions,
  type SignalName,
} from "./proc.ts";

/** Processes of this machine. See {@link Proc}. */
export const proc: Proc = createProc({ files, read: readFromFiles(files), kill: killLocally });
