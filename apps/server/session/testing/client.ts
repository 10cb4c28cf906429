import { randomUUID } from "node:crypto";
import {
  apply,
  type ClientFrame,
  type Entry,
  PROTOCOL_VERSION,
  type ServerFrame,
  type SessionState,
  serverFrameSchema,
  sourceHash,
  type UserOperation,
} from "@opsbook/notebook/session";
import { WebSocket } from "ws";

type Of<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;

/** A browser tab without a browser: follows a session over a real socket and keeps what it was sent. */
export class TestClient {
  readonly clientId: string;
  readonly frames: ServerFrame[] = [];
  readonly entries: Entry[] = [];
  /** Bytes of each stream output, as pushed. */
  readonly outputs = new Map<string, Buffer[]>();
  state: SessionState | null = null;
  epoch: string | null = null;
  seq = 0;
  closed: number | null = null;
  /** Offsets that did not follow what was held. */
  readonly gaps: { outputId: string; held: number; offset: number }[] = [];
  #socket!: WebSocket;
  #clientSeq = 0;
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #waiting = new Set<() => void>();

  private constructor(url: string, clientId: string, token: string | undefined) {
    this.#url = url;
    this.clientId = clientId;
    this.#token = token;
  }

  /** `token`: an API token, for a server behind its gate. */
  static async connect(url: string, clientId: string = randomUUID(), token?: string): Promise<TestClient> {
    const client = new TestClient(url, clientId, token);
    await client.reconnect();
    return client;
  }

  /** Comes back as the same tab, saying what it holds. */
  async reconnect(): Promise<Of<"welcome">> {
    const before = this.frames.length;
    this.closed = null;
    const headers = this.#token === undefined ? {} : { Authorization: `token ${this.#token}` };
    this.#socket = new WebSocket(this.#url, { headers });
    this.#socket.on("message", (data: Buffer) => this.#receive(data.toString()));
    this.#socket.on("close", (code) => {
      this.closed = code;
      this.#wake();
    });
    await new Promise<void>((resolve, reject) => {
      this.#socket.once("open", resolve);
      this.#socket.once("error", reject);
    });
    const outputs = Object.fromEntries([...this.outputs].map(([id, parts]) => [id, Buffer.concat(parts).length]));
    this.sendFrame({
      type: "hello",
      protocol: PROTOCOL_VERSION,
      clientId: this.clientId,
      epoch: this.epoch,
      lastSeq: this.seq,
      outputs,
    });
    await this.until(() => this.frames.slice(before).some(({ type }) => type === "welcome"));
    return this.frames.slice(before).find((frame): frame is Of<"welcome"> => frame.type === "welcome")!;
  }

  cut(): void {
    this.#socket.terminate();
  }

  sendFrame(frame: ClientFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  sendRaw(text: string): void {
    this.#socket.send(text);
  }

  /** Rejects with the server's code where the operation is refused. */
  async submit(op: UserOperation, clientSeq = ++this.#clientSeq): Promise<number> {
    const answer = await this.trySubmit(op, clientSeq);
    if (answer.type === "rejected") throw new Error(`${answer.code}: ${answer.message}`);
    return answer.seq;
  }

  async trySubmit(op: UserOperation, clientSeq = ++this.#clientSeq): Promise<Of<"accepted"> | Of<"rejected">> {
    const before = this.frames.length;
    this.sendFrame({ type: "submit", clientSeq, op });
    const find = () =>
      this.frames
        .slice(before)
        .find(
          (frame): frame is Of<"accepted"> | Of<"rejected"> =>
            (frame.type === "accepted" || frame.type === "rejected") && frame.clientSeq === clientSeq,
        );
    await this.until(() => find() !== undefined);
    return find()!;
  }

  get cells() {
    return this.state!.notebook.cells;
  }

  /** Puts `source` into a new last cell and runs it; resolves at its end. */
  async run(source: string): Promise<{ cellId: string; executionId: string }> {
    const started = await this.start(source);
    await this.ended(started.executionId);
    return started;
  }

  async start(source: string): Promise<{ cellId: string; executionId: string }> {
    const cellId = randomUUID();
    const executionId = randomUUID();
    const after = this.cells.at(-1)?.id ?? null;
    const index = this.cells.length;
    await this.submit({ type: "insert-cell", cellId, cellType: "code", source, metadata: {}, after, index });
    await this.submit({ type: "run-cells", runs: [{ executionId, cellId, sourceHash: sourceHash(source) }] });
    return { cellId, executionId };
  }

  async ended(executionId: string): Promise<void> {
    await this.until(() => {
      const status = this.state!.executions.find(({ id }) => id === executionId)?.status;
      return status !== undefined && status !== "queued" && status !== "running";
    });
  }

  /** The text of a cell's stream outputs, once all of it has arrived. */
  async text(cellId: string): Promise<string> {
    const streams = () =>
      this.cells.find(({ id }) => id === cellId)!.outputs.filter((output) => output.output_type === "stream");
    await this.until(() => streams().every(({ id, bytes, closed }) => closed && this.held(id) >= bytes));
    return streams()
      .map(({ id }) => Buffer.concat(this.outputs.get(id) ?? []).toString())
      .join("");
  }

  held(outputId: string): number {
    return (this.outputs.get(outputId) ?? []).reduce((sum, part) => sum + part.length, 0);
  }

  /** Resolves when the condition holds after some frame; the test's own time limit ends the wait. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
    }
  }

  close(): void {
    this.#socket.close();
  }

  #receive(text: string): void {
    const frame = serverFrameSchema.parse(JSON.parse(text));
    this.frames.push(frame);
    if (frame.type === "welcome") this.#welcome(frame);
    else if (frame.type === "op") this.#apply(frame.entry);
    else if (frame.type === "output") this.#output(frame);
    this.#wake();
  }

  #welcome(frame: Of<"welcome">): void {
    if (frame.snapshot) {
      this.state = frame.snapshot;
      if (frame.epoch !== this.epoch) this.outputs.clear();
      this.seq = frame.seq;
    }
    this.epoch = frame.epoch;
    for (const entry of frame.entries ?? []) this.#apply(entry);
  }

  #apply(entry: Entry): void {
    if (entry.seq <= this.seq) return;
    if (entry.seq !== this.seq + 1) throw new Error(`operation ${this.seq + 1} is missing before ${entry.seq}`);
    this.seq = entry.seq;
    this.entries.push(entry);
    const result = apply(this.state!, entry.op, { by: entry.by, at: entry.at });
    if (!result.ok) throw new Error(`the server sent an operation that does not apply: ${result.message}`);
    this.state = result.state;
  }

  #output(frame: Of<"output">): void {
    const held = this.held(frame.outputId);
    if (frame.requested) return;
    const known = this.cells.some(({ outputs }) => outputs.some(({ id }) => id === frame.outputId));
    if (!known) throw new Error(`text of output ${frame.outputId} came before the output`);
    if (frame.offset !== held) this.gaps.push({ outputId: frame.outputId, held, offset: frame.offset });
    this.outputs.set(frame.outputId, [...(this.outputs.get(frame.outputId) ?? []), Buffer.from(frame.text)]);
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
