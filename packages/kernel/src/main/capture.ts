import type { JsonObject } from "@opsbook/jupyter/codec";
import { STDOUT, type Stream } from "../output/tag.ts";
import type { Execution } from "./execution.ts";

/** What a cell would have shown. */
export interface CapturedOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** MIME bundles of displays and results, in order. */
  readonly outputs: readonly JsonObject[];
}

/** Takes the outputs of an execution instead of the front end, until it is ended. */
export class Captured {
  readonly #execution: Execution;
  readonly #before: Captured | null;
  readonly #decoders = [new TextDecoder(), new TextDecoder()];
  readonly #texts = ["", ""];
  readonly #outputs: JsonObject[] = [];

  constructor(execution: Execution) {
    this.#execution = execution;
    this.#before = execution.captured;
    execution.captured = this;
  }

  write(stream: Stream, chunk: string | Uint8Array): void {
    const text = typeof chunk === "string" ? chunk : (this.#decoders[stream]?.decode(chunk, { stream: true }) ?? "");
    this.#texts[stream] = (this.#texts[stream] ?? "") + text;
  }

  /** True when the message is one that a front end would show. */
  take(type: string, content: JsonObject): boolean {
    if (type !== "display_data" && type !== "update_display_data" && type !== "execute_result") return false;
    const { data } = content;
    if (typeof data === "object" && data !== null && !Array.isArray(data)) this.#outputs.push(data);
    return true;
  }

  end(): CapturedOutput {
    if (this.#execution.captured === this) this.#execution.captured = this.#before;
    return { stdout: this.#texts[STDOUT] ?? "", stderr: this.#texts[1 - STDOUT] ?? "", outputs: this.#outputs };
  }
}
