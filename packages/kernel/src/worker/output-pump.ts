import { StringDecoder } from "node:string_decoder";
import type { Report } from "../link.ts";
import { type RingMemory, RingReader } from "../output/ring.ts";
import { readTag } from "../output/tag.ts";

/** Milliseconds between two looks into the ring while text comes. */
const INTERVAL = 10;
/** Characters of one stream message. Larger and smaller ones were both slower end to end. */
const MAX_MESSAGE = 32 * 1024;

/** Looks after which a mark is taken to have lost its report to a termination. */
const MAX_STUCK = 25;

export interface PumpHandlers {
  onText(index: number, name: "stdout" | "stderr", text: string): void;
  onReport(report: Report): void;
}

/** Takes text and reports of the main thread and hands them on in the order they were made. */
export class OutputPump {
  readonly #reader: RingReader;
  readonly #handlers: PumpHandlers;
  readonly #reports: Report[] = [];
  readonly #decoders = new Map<number, StringDecoder>();
  #timer: NodeJS.Timeout | null = null;
  /** The mark whose report is not there yet, 0 for none, and for how many looks it has not been. */
  #blockedBy = 0;
  #stuck = 0;
  /** Marks up to this one were passed without their report. */
  #skipped = 0;

  constructor(memory: RingMemory, handlers: PumpHandlers) {
    this.#reader = new RingReader(memory);
    this.#handlers = handlers;
  }

  /** Text is there after a silence: it leaves at once, what follows is gathered. */
  wake(): void {
    this.#drain();
    this.#timer ??= setTimeout(this.#tick, INTERVAL);
  }

  report(report: Report): void {
    if (report.sequence <= this.#skipped) this.#handlers.onReport(report);
    else this.#reports.push(report);
    this.#drain();
    // A cell terminated just before it would have woken this thread left text behind.
    if (!this.#timer && this.#reader.sleep()) this.#timer = setTimeout(this.#tick, INTERVAL);
  }

  /** Nothing is written for this execution any more. */
  forget(index: number): void {
    this.#decoders.delete(index * 2);
    this.#decoders.delete(index * 2 + 1);
  }

  readonly #tick = (): void => {
    const bytes = this.#drain();
    this.#stuck = bytes === 0 && this.#blockedBy > 0 ? this.#stuck + 1 : 0;
    this.#timer = bytes > 0 || this.#reader.sleep() ? setTimeout(this.#tick, INTERVAL) : null;
  };

  #drain(): number {
    let tag = 0;
    let text = "";
    const flush = (): void => {
      if (text === "") return;
      const { index, name } = readTag(tag);
      for (let at = 0; at < text.length; ) {
        const end = splitPoint(text, at + MAX_MESSAGE);
        this.#handlers.onText(index, name, text.slice(at, end));
        at = end;
      }
      text = "";
    };
    const bytes = this.#reader.drain(
      (next, chunk) => {
        if (next !== tag) flush();
        tag = next;
        text += this.#decode(next, chunk);
      },
      (sequence) => {
        flush();
        return this.#passReport(sequence);
      },
    );
    flush();
    return bytes;
  }

  #passReport(sequence: number): boolean {
    const [first] = this.#reports;
    if (!first && this.#stuck < MAX_STUCK) {
      this.#blockedBy = sequence;
      return false;
    }
    this.#blockedBy = 0;
    if (!first) {
      this.#skipped = sequence;
      this.#stuck = 0;
      return true;
    }
    // A cell terminated between mark and message leaves a mark that nothing belongs to: the next report shows it.
    if (first.sequence === sequence) {
      this.#reports.shift();
      this.#handlers.onReport(first);
    }
    return true;
  }

  #decode(tag: number, bytes: Uint8Array): string {
    let decoder = this.#decoders.get(tag);
    if (!decoder) {
      decoder = new StringDecoder("utf8");
      this.#decoders.set(tag, decoder);
    }
    return decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }
}

/** Not between the two halves of a character. */
function splitPoint(text: string, wanted: number): number {
  if (wanted >= text.length) return text.length;
  const code = text.charCodeAt(wanted);
  return code >= 0xdc00 && code <= 0xdfff ? wanted - 1 : wanted;
}
