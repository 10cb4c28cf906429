import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Notebook, parseNotebook } from "@opsbook/notebook";
import {
  type CellChange,
  chooseCells,
  diffNotebooks,
  type KeyChange,
  type Side,
  withMyIds,
} from "@opsbook/notebook/diff";
import type { Author, Conflict, Rejected, ServerOperation, SessionState } from "@opsbook/notebook/session";
import type { Logger } from "pino";
import { type OutputStore, toFile } from "../store/convert.ts";
import { SessionError } from "./error.ts";
import type { Versions } from "./versions.ts";

export interface OutsideHost {
  versions: Versions;
  file(): string;
  state(): SessionState;
  outputStore(): OutputStore;
  submit(op: ServerOperation, by: Author | null): Promise<void> | Rejected;
  log: Logger;
}

/** What there is to choose: `before` of a cell is the version here, `after` the other one. */
export interface ConflictView {
  conflict: Conflict;
  cells: CellChange[];
  metadata: KeyChange[];
}

export interface Decision {
  conflictId: string;
  /** By the id of the cell here, or of the other version's where there is none here. Not named: as it is here. */
  cells: ReadonlyMap<string, Side>;
  metadata: "mine" | "theirs";
}

/** The notebook's file, as others change it. */
export class OutsideChanges {
  readonly #host: OutsideHost;

  constructor(host: OutsideHost) {
    this.#host = host;
  }

  /** Takes in the file as somebody wrote it: cells match by id, then by text. False where it is no notebook. */
  async take(text: string): Promise<boolean> {
    const parsed = parseNotebook(text);
    if (!parsed.ok) return false;
    try {
      const label = "the file as it was changed outside";
      await this.#host.versions.takeOutside((mine) => withMyIds(mine, parsed.notebook), {
        by: null,
        label,
        checkpoint: false,
      });
      return true;
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      this.#host.log.info({ err: error }, "the file's version cannot take the place of what is here");
      return false;
    }
  }

  /** Both versions stay until somebody decides. A text that is no notebook is nothing to choose from. */
  conflict(file: string, text: string): void {
    if (parseNotebook(text).ok)
      void this.#host.submit({ type: "conflict-opened", conflictId: randomUUID(), file }, null);
  }

  /** Null where there is nothing to decide. Throws SessionError `not-found` where the other version is gone. */
  async show(): Promise<ConflictView | null> {
    const { conflict, notebook } = this.#host.state();
    if (!conflict) return null;
    const mine = await toFile(notebook, this.#host.outputStore());
    const { cells, metadata } = diffNotebooks(mine, withMyIds(mine, await this.#other(conflict)));
    return { conflict, cells: cells.filter((change) => change.kind !== "same" || change.moved), metadata };
  }

  /** What is here becomes a checkpoint first. Throws SessionError `not-found`, `not-replaceable`. */
  async decide({ conflictId, cells, metadata }: Decision, by: Author): Promise<void> {
    const { conflict } = this.#host.state();
    if (conflict?.id !== conflictId)
      throw new SessionError("not-found", "Somebody has decided this meanwhile. Nothing was changed.");
    if (metadata === "theirs" || [...cells.values()].some((side) => side !== "mine")) {
      const theirs = await this.#other(conflict);
      const choose = (mine: Notebook) =>
        chooseCells(mine, withMyIds(mine, theirs), { cells, metadata, newId: () => randomUUID().slice(0, 8) });
      await this.#host.versions.takeOutside(choose, { by, label: conflict.file, checkpoint: true });
    }
    await this.#host.submit({ type: "conflict-closed", conflictId }, by);
  }

  async #other({ file }: Conflict): Promise<Notebook> {
    const text = await readFile(join(dirname(this.#host.file()), file), "utf8").catch((cause: Error) => {
      throw new SessionError("not-found", `The other version, ${file}, is gone. Keep what is here.`, { cause });
    });
    const parsed = parseNotebook(text);
    if (!parsed.ok)
      throw new SessionError("invalid-notebook", `The other version, ${file}, is unreadable: ${parsed.message}`);
    return parsed.notebook;
  }
}
