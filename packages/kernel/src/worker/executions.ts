import type { ParentHeader } from "@opsbook/jupyter/codec";
import type { Incoming } from "./sockets.ts";

/** Executions this side knows: who asked, under which header their output goes out. */
export class Executions {
  readonly #parents = new Map<number, { header: ParentHeader; identities: Buffer[] }>();
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
}
