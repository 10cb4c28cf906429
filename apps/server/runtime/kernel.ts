import { type JsonObject, type Message, newHeader } from "@opsbook/jupyter";
import type { KernelInfo, KernelState, Kernelspec } from "../keeper/protocol.ts";
import { decodeRecords, type KernelEvent, packMessage, unpackMessage } from "../keeper/records.ts";
import { RuntimeError } from "./error.ts";
import type { KeeperLink } from "./keeper-link.ts";

export interface ExecuteRequest {
  /** Becomes the msg_id of the request, and so the parent of all that it causes. */
  executionId: string;
  code: string;
  storeHistory: boolean;
  stopOnError: boolean;
  allowStdin: boolean;
}

export interface Kernel {
  readonly id: string;
  readonly spec: Kernelspec;
  readonly cwd: string;
  readonly label: string;
  readonly state: KernelState;
  /**
   * Events after `afterKseq`, in order, each once; a number beyond the newest means "from now on". The listener runs
   * synchronously; what it has not taken yet stays with the keeper.
   */
  subscribe(afterKseq: number, listener: (event: KernelEvent) => void): Disposable;
  /** Why it does not answer though its process runs, in words; null where it does. `listener` hears of changes. */
  readonly silence: string | null;
  onSilence(listener: () => void): Disposable;
  /** Everything up to `kseq` is safe with the caller: the keeper may forget it. */
  acknowledge(kseq: number): void;
  /** Resolves when the kernel has been handed the code, which is not when it has run. */
  execute(request: ExecuteRequest): Promise<void>;
  inputReply(value: string): Promise<void>;
  /** `timeout` in milliseconds. The reply goes to the caller alone. */
  request(
    channel: "shell" | "control",
    type: string,
    content: JsonObject,
    options: { timeout: number; signal?: AbortSignal },
  ): Promise<Message>;
  send(channel: "shell" | "control" | "stdin", message: Message): Promise<void>;
  interrupt(): Promise<void>;
  restart(): Promise<void>;
  shutdown(): Promise<void>;
}

export interface KernelHost {
  /** The connection to the keeper, made when there is none. */
  link(): Promise<KeeperLink>;
  /** The connection if there is one. */
  linkNow(): KeeperLink | null;
  newSubscription(kernel: RemoteKernel): number;
  dropSubscription(sub: number): void;
  startInKeeper(kernel: RemoteKernel, firstKseq: number): Promise<void>;
  forget(kernel: RemoteKernel): void;
  onListenerError(error: unknown, kernel: RemoteKernel): void;
}

interface Subscriber {
  listener: (event: KernelEvent) => void;
  position: number;
}

/** Name under which this server's own requests go out; kernels only echo it. */
const SESSION = `opsbook-${crypto.randomUUID()}`;

/** A kernel of the keeper, as the server's parts use it. */
export class RemoteKernel implements Kernel {
  readonly id: string;
  readonly spec: Kernelspec;
  readonly cwd: string;
  readonly label: string;
  readonly #host: KernelHost;
  readonly #subscribers = new Map<number, Subscriber>();
  #state: KernelState;
  #lastKseq: number;
  #silence: string | null;
  readonly #onSilence = new Set<() => void>();
  #lost: (KernelEvent & { type: "exited" }) | null = null;
  /** The kernel's last question: an answer names it as its parent. */
  #question: Message | null = null;

  constructor(host: KernelHost, info: Omit<KernelInfo, "pid">) {
    this.#host = host;
    this.id = info.id;
    this.spec = info.spec;
    this.cwd = info.cwd;
    this.label = info.label;
    this.#state = info.state;
    this.#lastKseq = info.lastKseq;
    this.#silence = info.silence;
  }

  get state(): KernelState {
    return this.#state;
  }

  get silence(): string | null {
    return this.#silence;
  }

  onSilence(listener: () => void): Disposable {
    this.#onSilence.add(listener);
    return { [Symbol.dispose]: () => this.#onSilence.delete(listener) };
  }

  subscribe(afterKseq: number, listener: (event: KernelEvent) => void): Disposable {
    const sub = this.#host.newSubscription(this);
    const subscriber: Subscriber = { listener, position: afterKseq };
    this.#subscribers.set(sub, subscriber);
    const lost = this.#lost;
    if (lost && lost.kseq > afterKseq) {
      queueMicrotask(() => this.#subscribers.has(sub) && this.#deliver(subscriber, lost));
    } else this.#host.linkNow()?.notify({ type: "kernel-subscribe", sub, kernel: this.id, after: afterKseq });
    return {
      [Symbol.dispose]: () => {
        if (!this.#subscribers.delete(sub)) return;
        this.#host.dropSubscription(sub);
        this.#host.linkNow()?.notify({ type: "kernel-unsubscribe", sub });
      },
    };
  }

  acknowledge(kseq: number): void {
    this.#host.linkNow()?.notify({ type: "kernel-acknowledge", kernel: this.id, kseq });
  }

  async execute(request: ExecuteRequest): Promise<void> {
    await this.send("shell", {
      ...this.#message("execute_request", {
        code: request.code,
        silent: false,
        store_history: request.storeHistory,
        user_expressions: {},
        allow_stdin: request.allowStdin,
        stop_on_error: request.stopOnError,
      }),
      header: newHeader("execute_request", { session: SESSION, msgId: request.executionId }),
    });
  }

  async inputReply(value: string): Promise<void> {
    const reply = this.#message("input_reply", { status: "ok", value });
    await this.send("stdin", { ...reply, parent_header: this.#question?.header ?? {} });
  }

  async request(
    channel: "shell" | "control",
    type: string,
    content: JsonObject,
    options: { timeout: number; signal?: AbortSignal },
  ): Promise<Message> {
    const { timeout: timeoutMs, signal } = options;
    const { parts, payload } = packMessage(this.#message(type, content));
    const aborted = Promise.withResolvers<never>();
    const onAbort = () =>
      aborted.reject(new RuntimeError("aborted", `The ${type} was given up.`, { cause: signal?.reason }));
    aborted.promise.catch(() => {});
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      if (signal?.aborted) onAbort();
      const link = await this.#link();
      const asked = link.request({ type: "kernel-request", kernel: this.id, channel, parts, timeoutMs }, payload);
      const answer = await Promise.race([asked, aborted.promise]);
      return unpackMessage(answer.parts ?? [], answer.payload);
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async send(channel: "shell" | "control" | "stdin", message: Message): Promise<void> {
    const { parts, payload } = packMessage(message);
    const link = await this.#link();
    await link.request({ type: "kernel-send", kernel: this.id, channel, parts }, payload);
  }

  async interrupt(): Promise<void> {
    await (await this.#link()).request({ type: "kernel-interrupt", kernel: this.id });
  }

  /** Also brings back a kernel whose keeper was lost, under its old id and with its event numbers going on. */
  async restart(): Promise<void> {
    if (this.#lost) await this.#host.startInKeeper(this, this.#lastKseq + 1);
    else await (await this.#host.link()).request({ type: "kernel-restart", kernel: this.id });
  }

  async shutdown(): Promise<void> {
    if (this.#lost) this.#host.forget(this);
    else await (await this.#host.link()).request({ type: "kernel-shutdown", kernel: this.id });
  }

  /** Subscriptions are the connection's: a new one has to hear of them. */
  attached(link: KeeperLink, info: Pick<KernelInfo, "state" | "lastKseq" | "silence">): void {
    this.#lost = null;
    this.changed(info);
    for (const [sub, { position }] of this.#subscribers) {
      link.notify({ type: "kernel-subscribe", sub, kernel: this.id, after: position });
    }
  }

  changed(info: Pick<KernelInfo, "state" | "lastKseq" | "silence">): void {
    this.#state = info.state;
    this.#lastKseq = Math.max(this.#lastKseq, info.lastKseq);
    if (info.silence === this.#silence) return;
    this.#silence = info.silence;
    for (const listener of [...this.#onSilence]) listener();
  }

  received(sub: number, payload: Buffer): void {
    const subscriber = this.#subscribers.get(sub);
    if (!subscriber) return;
    for (const event of decodeRecords(payload)) {
      if (!this.#subscribers.has(sub)) return;
      this.#deliver(subscriber, event);
    }
    this.#host.linkNow()?.notify({ type: "kernel-received", sub, bytes: payload.length });
  }

  /** The keeper is gone and the kernel with it. */
  lose(cause: string): void {
    if (this.#lost) return;
    this.#state = "dead";
    const kseq = this.#lastKseq + 1;
    this.#lost = { type: "exited", kseq, code: null, signal: null, cause, stderr: "", expected: false };
    for (const subscriber of [...this.#subscribers.values()]) this.#deliver(subscriber, this.#lost);
  }

  #deliver(subscriber: Subscriber, event: KernelEvent): void {
    subscriber.position = event.kseq;
    this.#lastKseq = Math.max(this.#lastKseq, event.kseq);
    if (event.type === "message" && event.message.header.msg_type === "input_request") this.#question = event.message;
    try {
      subscriber.listener(event);
    } catch (error) {
      this.#host.onListenerError(error, this);
    }
  }

  async #link(): Promise<KeeperLink> {
    if (this.#lost) throw new RuntimeError("kernel-dead", "The kernel is not running: the keeper process ended.");
    return this.#host.link();
  }

  #message(type: string, content: JsonObject): Message {
    return {
      header: newHeader(type, { session: SESSION }),
      parent_header: {},
      metadata: {},
      content,
      buffers: [],
    };
  }
}
