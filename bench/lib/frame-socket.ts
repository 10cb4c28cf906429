import { z } from "zod";

const frameSchema = z.looseObject({ type: z.string() });
type Frame = z.infer<typeof frameSchema>;

/** A socket whose frames are waited for by what they are. */
export class FrameSocket {
  readonly #socket: WebSocket;
  readonly #waiting = new Set<{ fits: (frame: Frame) => boolean; resolve: (frame: Frame) => void }>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const frame = frameSchema.parse(JSON.parse(String(data)));
      for (const one of [...this.#waiting]) {
        if (!one.fits(frame)) continue;
        this.#waiting.delete(one);
        one.resolve(frame);
      }
    });
  }

  static async open(url: string, authorization: string): Promise<FrameSocket> {
    // Node's own takes headers, which the type of a browser's does not know.
    const Open = WebSocket as unknown as new (url: string, options: { headers: Record<string, string> }) => WebSocket;
    const socket = new Open(url, { headers: { authorization } });
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve(), { once: true });
      socket.addEventListener("error", () => reject(new Error(`${url} could not be opened`)), { once: true });
    });
    return new FrameSocket(socket);
  }

  send(frame: object): void {
    this.#socket.send(JSON.stringify(frame));
  }

  next(fits: (frame: Frame) => boolean): Promise<Frame> {
    return new Promise((resolve) => this.#waiting.add({ fits, resolve }));
  }

  close(): void {
    this.#socket.close();
  }
}
