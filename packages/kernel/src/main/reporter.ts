import type { MessagePort } from "node:worker_threads";
import type { JsonObject } from "@opsbook/jupyter/codec";
import type { ReportBody } from "../link.ts";
import { type RingMemory, RingWriter } from "../output/ring.ts";
import { currentExecution } from "./execution.ts";

/** The main thread's way out: text by the ring, messages by the port, in one order. */
export class Reporter {
  readonly ring: RingWriter;
  readonly #port: Pick<MessagePort, "postMessage">;
  #sequence = 0;

  constructor(memory: RingMemory, port: Pick<MessagePort, "postMessage">) {
    this.#port = port;
    this.ring = new RingWriter(memory, () => port.postMessage({ type: "wake" }));
  }

  send(report: ReportBody): void {
    this.#sequence = (this.#sequence % 0x7fffffff) + 1;
    this.ring.mark(this.#sequence);
    this.#port.postMessage({ ...report, sequence: this.#sequence });
  }

  publish(index: number, messageType: string, content: JsonObject, metadata: JsonObject = {}): void {
    const execution = currentExecution();
    if (execution?.index === index && execution.captured?.take(messageType, content)) return;
    this.send({ type: "publish", index, messageType, content, metadata });
  }
}
