/** The one server in charge: its socket, what it subscribed to, and the frames it sends. */
import type { Socket } from "node:net";
import { KeeperError } from "./error.ts";
import { type Frame, FrameReader, writeFrame } from "./frames.ts";
import type { Keeper } from "./keeper.ts";
import {
  KEEPER_PROTOCOL,
  type KeeperRequest,
  type KeeperResponse,
  requestSchema,
  SUBSCRIPTION_WINDOW,
  type TerminalInfo,
} from "./protocol.ts";
import { packMessage, unpackMessage } from "./records.ts";
import type { Spool, SpoolReader } from "./spool.ts";

interface Answer {
  terminal?: TerminalInfo;
  parts?: number[];
  payload?: Buffer[];
}

export class ServerLink {
  readonly #socket: Socket;
  readonly #keeper: Keeper;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #attachments = new Map<number, string>();
  #greeted = false;

  constructor(socket: Socket, keeper: Keeper) {
    this.#socket = socket;
    this.#keeper = keeper;
    const frames = new FrameReader((frame) => this.#take(frame));
    socket.on("data", (chunk: Buffer) => {
      try {
        frames.push(chunk);
      } catch (error) {
        keeper.problem(error, "The server's connection is closed: it sent what cannot be read");
        socket.destroy();
      }
    });
    socket.on("error", () => {});
    socket.once("close", () => this.#release());
  }

  send(header: KeeperResponse, payload: readonly Buffer[] = []): void {
    writeFrame(this.#socket, header, payload);
  }

  /** Another server is in charge from now on. */
  replace(): void {
    this.send({ type: "replaced" });
    this.#socket.end();
    this.#release();
  }

  /** Closes the connection once all that was sent has left. */
  end(then: () => void): void {
    this.#socket.once("close", then);
    this.#socket.end();
    this.#socket.resume();
  }

  #release(): void {
    for (const subscription of this.#subscriptions.values()) subscription.close();
    this.#subscriptions.clear();
    for (const [attach, name] of this.#attachments) this.#keeper.findTerminal(name)?.detach(attach);
    this.#attachments.clear();
    this.#keeper.left(this);
  }

  #take(frame: Frame): void {
    const parsed = requestSchema.safeParse(frame.header);
    if (!parsed.success) throw new KeeperError("bad-frame", "A request is not valid.", { cause: parsed.error });
    const request = parsed.data;
    if (request.type === "hello") {
      this.#greet(request.protocol);
      return;
    }
    if (!this.#greeted) throw new KeeperError("bad-frame", "The first frame must be a hello.");
    if (!("req" in request)) {
      this.#notice(request, frame.payload);
      return;
    }
    const { req } = request;
    this.#answer(request, frame.payload).then(
      ({ terminal = null, parts = null, payload = [] }) =>
        this.send({ type: "done", req, terminal: terminal ?? null, parts: parts ?? null }, payload),
      (error: unknown) => {
        const code = error instanceof KeeperError ? error.code : "internal";
        if (code === "internal") this.#keeper.problem(error, `${request.type} failed`);
        this.send({ type: "failed", req, code, message: error instanceof Error ? error.message : String(error) });
      },
    );
  }

  #greet(protocol: number): void {
    if (protocol !== KEEPER_PROTOCOL) {
      const message = `This keeper speaks protocol ${KEEPER_PROTOCOL}, the server ${protocol}.`;
      this.send({ type: "refused", protocol: KEEPER_PROTOCOL, pid: process.pid, message });
      this.#socket.end();
      return;
    }
    this.#greeted = true;
    this.#keeper.takeCharge(this);
    const { kernels, terminals } = this.#keeper.listing();
    this.send({ type: "welcome", protocol: KEEPER_PROTOCOL, pid: process.pid, kernels, terminals });
  }

  /** Requests that nobody waits for; what they name may be gone, which is then told by other frames. */
  #notice(request: Exclude<KeeperRequest, { req: number } | { type: "hello" }>, payload: Buffer): void {
    const keeper = this.#keeper;
    switch (request.type) {
      case "kernel-subscribe": {
        const kernel = keeper.findKernel(request.kernel);
        if (!kernel) return;
        const { sub } = request;
        const send = (records: Buffer[]) => this.send({ type: "kernel-events", sub }, records);
        const onError = (error: unknown) => keeper.problem(error, "Reading a spool failed");
        this.#subscriptions.set(sub, new Subscription({ spool: kernel.spool, after: request.after, send, onError }));
        return;
      }
      case "kernel-unsubscribe":
        this.#subscriptions.get(request.sub)?.close();
        this.#subscriptions.delete(request.sub);
        return;
      case "kernel-received":
        this.#subscriptions.get(request.sub)?.received(request.bytes);
        return;
      case "kernel-acknowledge":
        keeper.acknowledge(request.kernel, request.kseq);
        return;
      case "terminal-attach": {
        const { attach, name, from } = request;
        const terminal = keeper.findTerminal(name);
        if (!terminal) {
          this.send({ type: "terminal-gone", name });
          return;
        }
        this.#attachments.set(attach, name);
        terminal.attach(attach, from, {
          data: (offset, data) => this.send({ type: "terminal-data", attach, offset }, [data]),
          exited: (code, signal) => this.send({ type: "terminal-exited", attach, code, signal }),
        });
        return;
      }
      case "terminal-detach": {
        const name = this.#attachments.get(request.attach);
        if (name !== undefined) keeper.findTerminal(name)?.detach(request.attach);
        this.#attachments.delete(request.attach);
        return;
      }
      case "terminal-received": {
        const name = this.#attachments.get(request.attach);
        if (name !== undefined) keeper.findTerminal(name)?.received(request.attach, request.bytes);
        return;
      }
      case "terminal-write":
        keeper.findTerminal(request.name)?.write(payload);
        return;
      case "terminal-resize":
        keeper.resizeTerminal(request.name, request);
        return;
      default:
        request satisfies never;
    }
  }

  async #answer(request: Extract<KeeperRequest, { req: number }>, payload: Buffer): Promise<Answer> {
    const keeper = this.#keeper;
    switch (request.type) {
      case "kernel-start":
        await keeper.startKernel(request);
        return {};
      case "kernel-adopt":
        keeper.adoptKernel(request.kernel, request.label);
        return {};
      case "kernel-send":
        await keeper.kernel(request.kernel).send(request.channel, unpackMessage(request.parts, payload));
        return {};
      case "kernel-request": {
        const message = unpackMessage(request.parts, payload);
        const kernel = keeper.kernel(request.kernel);
        return packMessage(await kernel.request(request.channel, message, request.timeoutMs));
      }
      case "kernel-interrupt":
        await keeper.kernel(request.kernel).interrupt();
        return {};
      case "kernel-restart":
        await keeper.kernel(request.kernel).restart();
        return {};
      case "kernel-shutdown":
        await keeper.shutdownKernel(request.kernel);
        return {};
      case "terminal-create":
        return { terminal: keeper.createTerminal(request) };
      case "terminal-kill":
        keeper.terminal(request.name).kill();
        return {};
      case "shutdown":
        await keeper.shutdown();
        return {};
      default:
        return request satisfies never;
    }
  }
}

/** Moves a spool's events to the server as fast as it takes them. */
class Subscription {
  readonly #reader: SpoolReader;
  readonly #send: (records: Buffer[]) => void;
  readonly #onError: (error: unknown) => void;
  #onTheWay = 0;
  #scheduled = false;
  #pumping = false;
  #closed = false;

  constructor(options: {
    spool: Spool;
    after: number;
    send: (records: Buffer[]) => void;
    onError: (error: unknown) => void;
  }) {
    this.#send = options.send;
    this.#onError = options.onError;
    this.#reader = options.spool.reader(options.after, () => this.#schedule());
    this.#schedule();
  }

  received(bytes: number): void {
    this.#onTheWay = Math.max(0, this.#onTheWay - bytes);
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#reader.close();
  }

  /** After the current batch of the event loop, so that a burst of messages makes one frame. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#pumping) this.#pump().catch(this.#onError);
    });
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      while (!this.#closed && this.#onTheWay < SUBSCRIPTION_WINDOW) {
        const records = await this.#reader.next();
        if (this.#closed || records.length === 0) return;
        this.#onTheWay += records.reduce((sum, record) => sum + record.length, 0);
        this.#send(records);
      }
    } finally {
      this.#pumping = false;
    }
  }
}
