import type { JsonObject, JsonValue, ParentHeader } from "@opsbook/jupyter/codec";

const TARGET = "opsbook.host";
const VERSION = 1;
/** Messages kept for a server that has not opened the channel yet. */
const MAX_WAITING = 200;
/** Secrets told again to a server that comes later. */
const MAX_SECRETS = 10_000;

export interface CommSender {
  publish(type: string, content: JsonObject, parent: ParentHeader): void;
}

export interface HostCommOptions {
  /** Values of secrets may leave. */
  secrets: boolean;
  opened(open: boolean): void;
  received(data: JsonObject): void;
}

/**
 * The kernel's end of the host channel. It speaks only after a server opened it. A secret's value stays here on tcp,
 * where every local user may read what a kernel publishes.
 */
export class HostComm {
  readonly #sender: CommSender;
  readonly #options: HostCommOptions;
  #commId: string | null = null;
  #waiting: { data: JsonObject; parent: ParentHeader }[] = [];
  /** By value. */
  readonly #secrets = new Map<JsonValue | undefined, JsonObject>();

  constructor(sender: CommSender, options: HostCommOptions) {
    this.#sender = sender;
    this.#options = options;
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
    this.#options.opened(true);
    for (const data of this.#secrets.values()) this.#say(commId, data, parent);
    for (const { data, parent: cause } of this.#waiting.splice(0)) this.#say(commId, data, cause);
    this.#say(commId, { version: VERSION, type: "attached" }, parent);
  }

  close(commId: string): void {
    if (this.#commId !== commId) return;
    this.#commId = null;
    this.#options.opened(false);
  }

  /** A message of whoever opened the channel. */
  receive(commId: string, data: JsonValue | undefined): void {
    if (commId !== this.#commId || typeof data !== "object" || data === null || Array.isArray(data)) return;
    this.#options.received(data);
  }

  send(data: JsonObject, parent: ParentHeader): void {
    const secret = data.type === "secret-registered";
    if (secret && !this.#options.secrets) return;
    if (secret && this.#secrets.size < MAX_SECRETS) this.#secrets.set(data.value, data);
    if (this.#commId !== null) this.#say(this.#commId, data, parent);
    else if (!secret && this.#waiting.length < MAX_WAITING) this.#waiting.push({ data, parent });
  }

  #say(commId: string, data: JsonObject, parent: ParentHeader): void {
    this.#sender.publish("comm_msg", { comm_id: commId, data }, parent);
  }
}
