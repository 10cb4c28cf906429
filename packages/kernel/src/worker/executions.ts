import type { ParentHeader } from "@opsbook/jupyter/codec";
import type { Incoming } from "./sockets.ts";

/** Executions this side knows: who asked, under which header their output goes out, which children they left. */
export class Executions {
  readonly #parents = new Map<number, { header: ParentHeader; identities: Buffer[] }>();
  readonly #background = new Set<number>();
  #last = 0;

  open(request: Incoming): number {
    const index = ++this.#last;
    this.#parents.set(index, { header: request.message.header, identities: request.identities });
    return index;
  }

  /** The header for output of an execution; that of no execution has none. */
  parentOf(index: number): ParentHeader {
    return this.#parents.get(index)?.header ?? {};
  }

  identitiesOf(index: number): Buffer[] {
    return this.#parents.get(index)?.identities ?? [];
  }

  forget(index: number): void {
    this.#parents.delete(index);
  }

  child(pid: number, alive: boolean): void {
    if (alive) this.#background.add(pid);
    else this.#background.delete(pid);
  }

  /** Children that no execution waits for in a system call. */
  get background(): ReadonlySet<number> {
    return this.#background;
  }
}
