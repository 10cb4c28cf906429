import { Dealer, Request, Subscriber } from "zeromq";
import { decodeMessage, encodeMessage } from "./codec.ts";
import { type ConnectionInfo, endpoint } from "./connection.ts";
import { type KernelInfo, kernelInfoSchema } from "./content.ts";
import { JupyterError } from "./error.ts";
import { type Channel, type JsonObject, type Message, newHeader, type ParentHeader } from "./message.ts";
import { SendQueue } from "./send-queue.ts";

type RequestChannel = "shell" | "control" | "stdin";

export interface KernelHandlers {
  onMessage(channel: Channel, message: Message): void;
  /** A frame that could not be read, a bad signature. The connection goes on. */
  onError(error: Error): void;
}

export interface MessageOptions {
  msgId?: string;
  parent?: ParentHeader;
  metadata?: JsonObject;
  buffers?: Uint8Array[];
}

/** A kernel that is still starting gets another kernel_info_request after this many milliseconds of silence. */
const PROBE_INTERVAL = 250;

/** After a reply with iopub still silent, the next request leaves this many milliseconds later. */
const IOPUB_INTERVAL = 20;

/** Milliseconds between attempts to reach a socket that is not there yet. */
const RECONNECT_INTERVAL = 5;

const SOCKET_OPTIONS = {
  linger: 0,
  reconnectInterval: RECONNECT_INTERVAL,
  receiveHighWaterMark: 0,
  ipv6: true,
};

/** All sockets of one kernel. Nothing is dropped on our side: no high-water marks, and one send in flight a socket. */
export class KernelClient {
  static async connect(
    info: ConnectionInfo,
    handlers: KernelHandlers,
    options: { session?: string; username?: string } = {},
  ): Promise<KernelClient> {
    return new KernelClient(info, handlers, options);
  }

  readonly session: string;
  readonly #info: ConnectionInfo;
  readonly #username: string;
  readonly #handlers: KernelHandlers;
  readonly #dealers: Record<RequestChannel, Dealer>;
  readonly #queues: Record<RequestChannel, SendQueue>;
  readonly #iopub: Subscriber;
  readonly #heartbeats = new Set<Request>();
  readonly #probes = new Map<string, (channel: Channel, message: Message) => void>();
  #iopubLive = false;
  #closed = false;

  private constructor(
    info: ConnectionInfo,
    handlers: KernelHandlers,
    options: { session?: string; username?: string },
  ) {
    this.session = options.session ?? crypto.randomUUID();
    this.#username = options.username ?? "opsbook";
    this.#info = info;
    this.#handlers = handlers;
    // The kernel asks for input at the identity that sent the execution, so stdin must share it.
    const dealer = (channel: RequestChannel): Dealer => {
      const socket = new Dealer({ ...SOCKET_OPTIONS, sendHighWaterMark: 0, routingId: this.session });
      socket.connect(endpoint(info, channel));
      return socket;
    };
    this.#iopub = new Subscriber(SOCKET_OPTIONS);
    this.#iopub.subscribe();
    this.#iopub.connect(endpoint(info, "iopub"));
    this.#dealers = { shell: dealer("shell"), control: dealer("control"), stdin: dealer("stdin") };
    this.#queues = {
      shell: new SendQueue(this.#dealers.shell),
      control: new SendQueue(this.#dealers.control),
      stdin: new SendQueue(this.#dealers.stdin),
    };
    for (const channel of ["shell", "control", "stdin"] as const) void this.#read(channel, this.#dealers[channel]);
    void this.#read("iopub", this.#iopub);
  }

  /** A new message of this client, with its header. */
  message(type: string, content: JsonObject, options: MessageOptions = {}): Message {
    return {
      header: newHeader(type, {
        session: this.session,
        username: this.#username,
        ...(options.msgId === undefined ? {} : { msgId: options.msgId }),
      }),
      parent_header: options.parent ?? {},
      metadata: options.metadata ?? {},
      content,
      buffers: options.buffers ?? [],
    };
  }

  /** Resolves when the message has been handed to ZeroMQ, which is not when the kernel has it. */
  async send(channel: RequestChannel, message: Message): Promise<void> {
    await this.#queues[channel].send(encodeMessage(message, this.#info.key));
  }

  /** Whether the kernel's process echoes within `timeoutMs` milliseconds. True says nothing about its being busy. */
  async heartbeat(timeoutMs: number): Promise<boolean> {
    if (this.#closed) return false;
    // A REQ socket whose answer never came cannot ask again, so each beat has its own.
    const socket = new Request({
      linger: 0,
      reconnectInterval: RECONNECT_INTERVAL,
      ipv6: true,
      sendTimeout: timeoutMs,
      receiveTimeout: timeoutMs,
    });
    this.#heartbeats.add(socket);
    try {
      socket.connect(endpoint(this.#info, "hb"));
      await socket.send("ping");
      const [answer] = await socket.receive();
      return answer?.toString() === "ping";
    } catch {
      return false;
    } finally {
      this.#heartbeats.delete(socket);
      socket.close();
    }
  }

  /**
   * Asks for kernel_info until the kernel has both answered and been heard on iopub, so that whoever sends its first
   * request after this loses none of its output. Replies and statuses of these probes do not reach `onMessage`.
   * `timeout` in milliseconds.
   */
  async waitReady(options: { signal?: AbortSignal; timeout: number }): Promise<KernelInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<KernelInfo>();
    const sent: string[] = [];
    let info: KernelInfo | undefined;
    let again: NodeJS.Timeout | undefined;
    const hear = (channel: Channel, message: Message): void => {
      if (channel === "iopub") this.#iopubLive = true;
      if (channel === "shell" && message.header.msg_type === "kernel_info_reply" && !info) {
        const parsed = kernelInfoSchema.safeParse(message.content);
        if (parsed.success) info = parsed.data;
        else
          reject(
            new JupyterError("bad-content", "The kernel's kernel_info_reply is not valid.", { cause: parsed.error }),
          );
      }
      if (info && this.#iopubLive) resolve(info);
      else if (info && channel === "shell") again = setTimeout(probe, IOPUB_INTERVAL);
    };
    const probe = (): void => {
      if (info && this.#iopubLive) {
        resolve(info);
        return;
      }
      const message = this.message("kernel_info_request", {});
      sent.push(message.header.msg_id);
      this.#probes.set(message.header.msg_id, hear);
      this.send("shell", message).catch(reject);
    };
    const onAbort = (): void =>
      reject(new JupyterError("aborted", "Waiting for the kernel was given up.", { cause: options.signal?.reason }));
    const timer = setInterval(probe, PROBE_INTERVAL);
    const deadline = setTimeout(
      () => reject(new JupyterError("timeout", `The kernel was not ready within ${options.timeout} ms.`)),
      options.timeout,
    );
    options.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      if (options.signal?.aborted) onAbort();
      else probe();
      return await promise;
    } finally {
      clearInterval(timer);
      clearTimeout(again);
      clearTimeout(deadline);
      options.signal?.removeEventListener("abort", onAbort);
      // Late answers of probes are swallowed for as long as they may come; the entry is a few bytes.
      for (const id of sent) this.#probes.set(id, () => {});
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const queue of Object.values(this.#queues)) queue.close();
    for (const socket of [...Object.values(this.#dealers), this.#iopub, ...this.#heartbeats]) socket.close();
  }

  async #read(channel: Channel, socket: Dealer | Subscriber): Promise<void> {
    try {
      for await (const frames of socket) this.#take(channel, frames);
    } catch (cause) {
      if (!this.#closed) this.#handlers.onError(new JupyterError("socket", `Reading ${channel} failed.`, { cause }));
    }
  }

  #take(channel: Channel, frames: Buffer[]): void {
    try {
      const { message } = decodeMessage(frames, this.#info.key);
      const probe = this.#probes.get(message.parent_header.msg_id ?? "");
      if (channel === "iopub" && !this.#iopubLive) {
        this.#iopubLive = true;
        for (const hear of new Set(this.#probes.values())) hear(channel, message);
      }
      if (message.header.msg_type === "iopub_welcome") return;
      if (probe) probe(channel, message);
      else this.#handlers.onMessage(channel, message);
    } catch (error) {
      this.#handlers.onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
