import type { JsonObject, JsonValue } from "@opsbook/jupyter/codec";
import { jsonObject } from "../display/bundle.ts";
import { FLAG } from "../link.ts";
import { currentExecution } from "./execution.ts";
import type { Reporter } from "./reporter.ts";

const VERSION = 1;

/** The main thread's side of the host channel. */
export class HostLink {
  readonly #reporter: Reporter;
  readonly #flags: Int32Array;
  readonly #listeners = new Map<string, Set<(data: JsonObject) => void>>();
  #parameters: JsonObject = {};
  #attended = true;

  constructor(reporter: Reporter, flags: Int32Array) {
    this.#reporter = reporter;
    this.#flags = flags;
    this.listen("parameters-given", ({ values, attended }) => {
      this.#parameters = jsonObject(values) ?? {};
      this.#attended = attended !== false;
    });
  }

  /** A server has opened the channel. */
  get isOpen(): boolean {
    return Atomics.load(this.#flags, FLAG.host) === 1;
  }

  /** What answers questions by name. */
  get parameters(): Readonly<Record<string, JsonValue>> {
    return this.#parameters;
  }

  /** Somebody is there to answer what the parameters do not. */
  get attended(): boolean {
    return this.#attended;
  }

  /** `data`: the message's fields beside version and type. */
  send(type: string, data: unknown): void {
    this.#reporter.send({
      type: "host",
      index: currentExecution()?.index ?? 0,
      data: { ...jsonObject(data), version: VERSION, type },
    });
  }

  /** Calls back for each message of this type from the server. Returns how to take that back. */
  listen(type: string, listener: (data: JsonObject) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  receive(data: JsonObject): void {
    if (data.version !== VERSION || typeof data.type !== "string") return;
    for (const listener of this.#listeners.get(data.type) ?? []) listener(data);
  }
}
