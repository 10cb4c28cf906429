import type { JsonObject, ParentHeader } from "@opsbook/jupyter/codec";

const TARGET = "opsbook.host";
/** Messages kept for a server that has not opened the channel yet. */
const MAX_WAITING = 200;

export interface CommSender {
  publish(type: string, content: JsonObject, parent: ParentHeader): void;
}

/**
 * The kernel's end of the host channel. It speaks only after a server opened it. A secret's value stays here on tcp,
 * where every local user may read what a kernel publishes.
 */
export class HostComm {
  readonly #sender: CommSender;
  readonly #secrets: boolean;
  #commId: string | null = null;
  #waiting: { data: JsonObject; parent: ParentHeader }[] = [];

  constructor(sender: CommSender, options: { secrets: boolean }) {
    this.#sender = sender;
    this.#secrets = options.secrets;
  }

  /** Open comms, as `comm_info_reply` lists them. */
  list(target: string): JsonObject {
    return this.#commId !== null && (target === "" || target === TARGET)
      ? { [this.#commId]: { target_name: TARGET } }
      : {};
  }

  /** A front end opened a comm. One that nobody here serves is closed again, as the protocol wants. */
  open(commId: string, target: string, parent: ParentHeader): void {
    if (target !== TARGET) {
      this.#sender.publish("comm_close", { comm_id: commId, data: {} }, parent);
      return;
    }
    this.#commId = commId;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { data, parent: cause } of waiting) this.send(data, cause);
  }

  close(commId: string): void {
    if (this.#commId === commId) this.#commId = null;
  }

  send(data: JsonObject, parent: ParentHeader): void {
    if (data.type === "secret-registered" && !this.#secrets) return;
    if (this.#commId !== null) this.#sender.publish("comm_msg", { comm_id: this.#commId, data }, parent);
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push({ data, parent });
  }
}
