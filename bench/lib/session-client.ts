import { z } from "zod";

const frameSchema = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("welcome"),
    epoch: z.string(),
    seq: z.number(),
    lastClientSeq: z.number(),
    entries: z.array(z.unknown()).optional(),
    snapshot: z.unknown().optional(),
  }),
  z.looseObject({ type: z.literal("accepted"), clientSeq: z.number() }),
  z.looseObject({ type: z.literal("rejected"), clientSeq: z.number(), message: z.string() }),
  z.looseObject({
    type: z.literal("op"),
    entry: z.looseObject({ seq: z.number(), op: z.looseObject({ type: z.string(), cellId: z.unknown().optional() }) }),
  }),
  z.looseObject({ type: z.literal("output"), outputId: z.string(), offset: z.number(), bytes: z.number() }),
]);
type Frame = z.infer<typeof frameSchema>;

const PROTOCOL = 1;

/** One tab of a session, reduced to what is measured: when its requests were answered, and what it was sent. */
export class SessionClient {
  readonly clientId = crypto.randomUUID();
  seq = 0;
  epoch: string | null = null;
  /** Bytes of each output that came without a gap. */
  readonly held = new Map<string, number>();
  /** Pushes that did not begin where the last one ended. */
  gaps = 0;
  readonly #address: { url: string; token: string };
  #socket!: WebSocket;
  #clientSeq = 0;
  readonly #answers = new Map<number, (frame: Frame) => void>();
  readonly #listeners = new Set<(frame: Frame) => void>();

  constructor(address: { url: string; token: string }) {
    this.#address = address;
  }

  /** Connects, or comes back saying what it holds. Resolves with the welcome. */
  async connect(): Promise<Extract<Frame, { type: "welcome" }>> {
    const { url, token } = this.#address;
    // Node's own client takes headers, which the standard does not know.
    const options: unknown = { headers: { Authorization: `token ${token}` } };
    const socket = new WebSocket(url, options as string[]);
    this.#socket = socket;
    const { promise, resolve, reject } = Promise.withResolvers<Extract<Frame, { type: "welcome" }>>();
    socket.addEventListener("error", () => reject(new Error("The session's socket failed.")));
    socket.addEventListener("message", ({ data }) => {
      const parsed = frameSchema.safeParse(JSON.parse(String(data)));
      if (!parsed.success) return;
      if (parsed.data.type === "welcome") resolve(parsed.data);
      this.#receive(parsed.data);
    });
    await new Promise((open) => socket.addEventListener("open", open, { once: true }));
    this.#send({
      type: "hello",
      protocol: PROTOCOL,
      clientId: this.clientId,
      epoch: this.epoch,
      lastSeq: this.seq,
      outputs: Object.fromEntries(this.held),
    });
    return promise;
  }

  cut(): void {
    this.#socket.close();
  }

  onFrame(listener: (frame: Frame) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Milliseconds until it was accepted: it is on disk then. */
  async submit(op: object): Promise<number> {
    this.#clientSeq += 1;
    const { promise, resolve } = Promise.withResolvers<Frame>();
    this.#answers.set(this.#clientSeq, resolve);
    const begun = performance.now();
    this.#send({ type: "submit", clientSeq: this.#clientSeq, op });
    const answer = await promise;
    if (answer.type === "rejected") throw new Error(`refused: ${answer.message}`);
    return performance.now() - begun;
  }

  #send(frame: object): void {
    this.#socket.send(JSON.stringify(frame));
  }

  #receive(frame: Frame): void {
    if (frame.type === "welcome") {
      this.epoch = frame.epoch;
      this.seq = frame.seq;
    } else if (frame.type === "op") this.seq = Math.max(this.seq, frame.entry.seq);
    else if (frame.type === "output") {
      const held = this.held.get(frame.outputId) ?? 0;
      if (frame.offset !== held) this.gaps += 1;
      this.held.set(frame.outputId, frame.offset + frame.bytes);
    } else {
      this.#answers.get(frame.clientSeq)?.(frame);
      this.#answers.delete(frame.clientSeq);
    }
    for (const listener of this.#listeners) listener(frame);
  }
}

/** The session's name of a text, which a run has to tell: two passes of FNV-1a over UTF-16 units. For well-formed text. */
export function sourceHash(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ ((unit << 7) | (unit >>> 9)), 0x85ebca6b);
  }
  const hex = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
  return hex(a ^ (text.length * 0x9e3779b1)) + hex(b);
}
