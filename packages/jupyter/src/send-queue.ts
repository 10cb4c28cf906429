import { JupyterError } from "./error.ts";

interface Sender {
  send(frames: Uint8Array[]): Promise<void>;
}

/** zeromq.js refuses a second send while one is in flight on a socket: this keeps them in order, one at a time. */
export class SendQueue {
  readonly #socket: Sender;
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(socket: Sender) {
    this.#socket = socket;
  }

  send(frames: Uint8Array[]): Promise<void> {
    const sent = this.#last.then(async () => {
      if (this.#closed) throw new JupyterError("closed", "The connection to the kernel is closed.");
      try {
        await this.#socket.send(frames);
      } catch (cause) {
        throw new JupyterError(this.#closed ? "closed" : "socket", "The message could not be sent.", { cause });
      }
    });
    this.#last = sent.catch(() => {});
    return sent;
  }

  /** Settles when everything given so far has left, or failed. */
  drained(): Promise<void> {
    return this.#last;
  }

  close(): void {
    this.#closed = true;
  }
}
