import { randomUUID } from "node:crypto";
import { contentSchemas, type JsonObject, type Message } from "@opsbook/jupyter";
import type { Execution, Runtime as KernelRuntime, ServerOperation, SessionState } from "@opsbook/notebook/session";
import type { Logger } from "pino";
import { type Kernel, type KernelEvent, type Runtime, RuntimeError } from "../runtime/index.ts";
import type { KernelCursor } from "../store/session-folder.ts";
import { type Flight, Flights } from "./flights.ts";
import { HostChannel } from "./host-channel.ts";
import { deathDetail, deathOutput } from "./kernel-death.ts";
import type { KernelOutput } from "./kernel-output.ts";
import type { Streams } from "./streams.ts";

export interface DriverHost {
  state(): SessionState;
  /** False where the operation lost a race and changed nothing. */
  submit(op: ServerOperation): boolean;
  runtime: Runtime;
  output: KernelOutput;
  streams: Streams;
  /** Takes the payloads of a run's reply. */
  payloads(executionId: string, payloads: readonly unknown[]): void;
  /** Folder the kernel starts in. */
  cwd(): string;
  label(): string;
  log: Logger;
}

/** One kernel of a session: sends queued runs as soon as it takes one and turns the kernel's messages into operations. */
export class KernelDriver {
  readonly #host: DriverHost;
  readonly #channel: HostChannel;
  #kernel: Kernel | null = null;
  #subscription: Disposable | null = null;
  #silence: Disposable | null = null;
  #ready = false;
  #starting: Promise<void> | null = null;
  readonly #flights: Flights;
  #kseq = 0;
  #acknowledged = 0;
  /** Events wait here while a big display is written to disk, so that their order holds. */
  readonly #events: KernelEvent[] = [];
  #draining = false;
  #closed = false;

  constructor(host: DriverHost) {
    this.#host = host;
    const { state, submit, output, log } = host;
    this.#flights = new Flights(state);
    this.#channel = new HostChannel({ state, submit, output, redactor: host.streams.redactor, log });
  }

  get kernel(): Kernel | null {
    return this.#kernel;
  }

  /** How far the kernel's messages are in the state, with the bytes of every open stream. */
  cursor(): KernelCursor | null {
    if (!this.#kernel) return null;
    const { streams } = this.#host;
    const held = { streams: streams.lengths(), held: streams.held() };
    const flight = this.#flights.toJSON();
    return { kernelId: this.#kernel.id, kseq: this.#kseq, ...held, host: this.#channel.offered, flight };
  }

  /** The cursor is on disk: the keeper need not keep what is before it. */
  acknowledge(kseq: number): void {
    if (kseq <= this.#acknowledged) return;
    this.#acknowledged = kseq;
    this.#kernel?.acknowledge(kseq);
  }

  /** Starts the notebook's kernel; a missing one is told with what there is. */
  start(): Promise<void> {
    this.#starting ??= this.#startKernel().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  /**
   * After a server restart, with a kernel that went on meanwhile. The run that was on its way is found by asking
   * the kernel something: its shell answers in order, so a run not started by then never arrived.
   */
  async resume(kernel: Kernel, cursor: KernelCursor): Promise<void> {
    const sent = this.#flights.resume(cursor.flight);
    for (const { id } of this.#host.state().executions.filter(isQueued))
      if (id !== sent?.id) this.#notRun(id, "The server restarted before this run began.");
    this.#ready = true;
    // What it printed meanwhile waits until its secrets are known again.
    this.#draining = cursor.host === true;
    this.#listen(kernel, cursor.kseq);
    if (cursor.host) {
      await this.#channel.reopen(kernel);
      await this.#drain(kernel);
    } else this.#channel.open(kernel);
    if (!sent) return;
    try {
      await kernel.request("shell", "kernel_info_request", {}, { timeout: 60_000 });
    } catch (error) {
      this.#host.log.warn({ err: error }, "the kernel did not answer after the server's restart");
    }
    if (this.#execution(sent.id)?.status !== "queued") return;
    this.#flights.delete(sent.id);
    this.#notRun(sent.id, "The server restarted before this run began.");
  }

  /** Sends the next queued run where the kernel is free. */
  advance(): void {
    if (!this.#flights.free || this.#closed) return;
    const { executions, runtime } = this.#host.state();
    const next = executions.find((execution) => isQueued(execution) && !this.#flights.get(execution.id));
    if (!next) return;
    if (runtime.status === "dead" || runtime.status === "unknown-kernel") {
      const [why] = (runtime.detail ?? "There is no kernel.").split("\n");
      for (const { id } of executions.filter(isQueued))
        this.#notRun(id, `${why} Restart the kernel or choose another.`);
      return;
    }
    if (!this.#kernel) {
      void this.start();
      return;
    }
    if (!this.#ready) return;
    this.#flights.add(next.id);
    const { id: executionId, code } = next;
    this.#kernel
      .execute({ executionId, code, storeHistory: true, stopOnError: true, allowStdin: true })
      .catch((error: Error) => {
        this.#host.log.error({ err: error }, "a run could not be sent to its kernel");
        this.#flights.delete(executionId);
        this.#notRun(executionId, `The run could not be sent to the kernel: ${error.message}`);
      });
  }

  async interrupt(): Promise<void> {
    for (const { id } of this.#host.state().executions.filter(isQueued))
      if (!this.#flights.get(id)) this.#notRun(id, "Not run: the kernel was interrupted.");
    const { current } = this.#flights;
    if (current) current.interrupted = true;
    await this.#kernel?.interrupt();
  }

  /** Lets the run go on that stopped last. */
  async goOn(): Promise<void> {
    // Of no cell, so what the kernel says of it is shown nowhere.
    const run = { executionId: randomUUID(), code: CONTINUE, storeHistory: false, stopOnError: false };
    await this.#kernel?.execute({ ...run, allowStdin: false });
  }

  /** Interrupts the kernel where it has this run, begun or not. */
  async cancel(executionId: string): Promise<void> {
    const flight = this.#flights.get(executionId);
    if (!flight || flight !== this.#flights.current) return;
    flight.interrupted = true;
    await this.#kernel?.interrupt();
  }

  async restart(): Promise<void> {
    if (!this.#kernel || this.#host.state().runtime.status === "dead") {
      await this.#discardKernel();
      return this.start();
    }
    this.#ready = false;
    this.#changed("restarting");
    await this.#kernel.restart();
  }

  async select(kernelName: string): Promise<void> {
    const specs = await this.#host.runtime.kernelspecs();
    const spec = specs.find(({ name }) => name === kernelName);
    await this.#discardKernel();
    this.#host.submit({
      type: "kernel-changed",
      kernelName,
      displayName: spec?.displayName ?? kernelName,
      language: spec?.language ?? "",
      kernelId: null,
      status: "none",
    });
    await this.start();
  }

  async sendInput(value: string): Promise<void> {
    await this.#kernel?.inputReply(value);
  }

  async sendAnswer(answer: { promptId: string; answer: JsonObject }): Promise<void> {
    if (this.#kernel) await this.#channel.answer(this.#kernel, answer);
  }

  /** Leaves the kernel running where `keepKernel`. */
  async close({ keepKernel }: { keepKernel: boolean }): Promise<void> {
    this.#closed = true;
    this.#silence?.[Symbol.dispose]();
    if (keepKernel) this.#subscription?.[Symbol.dispose]();
    else await this.#discardKernel();
  }

  async #startKernel(): Promise<void> {
    const { kernelName } = this.#host.state().runtime;
    this.#changed("starting");
    try {
      const kernel = await this.#host.runtime.startKernel({
        spec: kernelName,
        cwd: this.#host.cwd(),
        label: this.#host.label(),
      });
      this.#listen(kernel, 0);
      this.#changed("starting");
    } catch (error) {
      const unknown = error instanceof RuntimeError && error.code === "unknown-kernel";
      this.#host.log.warn({ err: error }, "the kernel could not be started");
      this.#changed(unknown ? "unknown-kernel" : "dead", (error as Error).message);
      this.advance();
    }
  }

  #listen(kernel: Kernel, afterKseq: number): void {
    this.#kernel = kernel;
    this.#kseq = afterKseq;
    this.#acknowledged = afterKseq;
    this.#subscription = kernel.subscribe(afterKseq, (event) => {
      this.#channel.early(event);
      this.#events.push(event);
      if (!this.#draining) void this.#drain(kernel);
    });
    this.#silence?.[Symbol.dispose]();
    this.#silence = kernel.onSilence(() => this.#answers(kernel));
    this.#answers(kernel);
  }

  /** A kernel that stands still is no dead one: it may go on. */
  #answers({ silence }: Kernel): void {
    const { status } = this.#host.state().runtime;
    if (silence !== null && this.#ready) this.#changed("not-answering", silence);
    else if (silence === null && status === "not-answering") this.#changed("idle");
  }

  async #discardKernel(): Promise<void> {
    const kernel = this.#kernel;
    this.#subscription?.[Symbol.dispose]();
    this.#silence?.[Symbol.dispose]();
    this.#subscription = null;
    this.#kernel = null;
    this.#ready = false;
    this.#events.length = 0;
    this.#endRuns("The kernel was stopped.");
    await kernel?.shutdown().catch((error: Error) => this.#host.log.warn({ err: error }, "kernel shutdown failed"));
  }

  async #drain(kernel: Kernel): Promise<void> {
    this.#draining = true;
    try {
      for (let event = this.#events.shift(); event; event = this.#events.shift()) {
        const pending = this.#handle(event);
        if (pending) await pending;
        if (kernel === this.#kernel) this.#kseq = event.kseq;
      }
    } finally {
      this.#draining = false;
    }
  }

  #handle(event: KernelEvent): Promise<void> | undefined {
    switch (event.type) {
      case "message":
        try {
          return this.#message(event.message, event.channel);
        } catch (error) {
          this.#host.log.warn(
            { err: error, type: event.message.header.msg_type },
            "a kernel message was not understood",
          );
          return undefined;
        }
      case "ready":
        this.#ready = true;
        if (this.#kernel) this.#channel.open(this.#kernel);
        this.#changed("idle");
        this.advance();
        return undefined;
      case "exited":
        this.#exited(event);
        return undefined;
    }
  }

  #message(message: Message, channel: string): Promise<void> | undefined {
    const type = message.header.msg_type;
    const parentId = message.parent_header.msg_id ?? "";
    const flight = this.#flights.get(parentId);
    if (type === "execute_input") {
      const { execution_count } = contentSchemas.execute_input.parse(message.content);
      this.#begin(parentId, execution_count);
    } else if (type === "status") {
      const { execution_state } = contentSchemas.status.parse(message.content);
      if (execution_state === "idle" && flight) {
        flight.idle = true;
        this.#finishIfDone(flight);
      }
    } else if (type === "execute_reply" && flight) {
      const reply = contentSchemas.execute_reply.parse(message.content);
      const count =
        "execution_count" in reply && typeof reply.execution_count === "number" ? reply.execution_count : null;
      const status = reply.status === "ok" || reply.status === "error" ? reply.status : "not-run";
      if ("payload" in reply && Array.isArray(reply.payload)) this.#host.payloads(parentId, reply.payload);
      flight.reply = { status, count };
      this.#finishIfDone(flight);
    } else if (type === "input_request") this.#inputRequest(message, parentId);
    else if (channel === "iopub" && !this.#channel.take(parentId, message))
      return this.#host.output.handle(parentId, message);
    return undefined;
  }

  #begin(executionId: string, executionCount: number | null): void {
    const execution = this.#execution(executionId);
    if (!execution) return;
    this.#host.output.forget(execution.cellId, executionId);
    this.#host.submit({ type: "execution-started", executionId, executionCount });
  }

  #execution(executionId: string): Execution | undefined {
    return this.#host.state().executions.find(({ id }) => id === executionId);
  }

  #finishIfDone(flight: Flight): void {
    if (!flight.reply || !flight.idle) return;
    const { executionId, reply, interrupted } = flight;
    this.#flights.delete(executionId);
    this.#host.output.finish(executionId);
    const status = reply.status === "error" && interrupted ? "interrupted" : reply.status;
    this.#host.submit({
      type: "execution-finished",
      executionId,
      status,
      executionCount: reply.count,
      ...(status === "interrupted" ? { reason: "Interrupted." } : {}),
    });
  }

  #inputRequest(message: Message, executionId: string): void {
    const { prompt, password } = contentSchemas.input_request.parse(message.content);
    const text = this.#host.streams.redactor.text(prompt);
    this.#host.submit({ type: "prompt-opened", promptId: randomUUID(), executionId, text, password });
  }

  #exited(event: Extract<KernelEvent, { type: "exited" }>): void {
    this.#ready = false;
    if (event.expected) {
      this.#endRuns("The kernel was restarted.");
      return;
    }
    const flight = this.#flights.current;
    const death = { ...event, stderr: this.#host.streams.redactor.text(event.stderr) };
    const execution = flight && this.#execution(flight.executionId);
    if (flight && execution?.status === "running") {
      this.#host.output.finish(flight.executionId);
      const output = deathOutput(death, flight.executionId);
      this.#host.submit({ type: "output-opened", cellId: execution.cellId, output });
    }
    // Before the run ends, which would leave them no better reason than that it failed.
    for (const { id } of this.#host.state().executions.filter(isQueued))
      if (!this.#flights.get(id)) this.#notRun(id, `Not run: the kernel died (${event.cause}).`);
    this.#endRuns(`The kernel died: ${event.cause}`, "error");
    this.#changed("dead", deathDetail(death));
  }

  /** Ends what was on its way to the kernel, which will not answer any more. */
  #endRuns(reason: string, ended: "interrupted" | "error" = "interrupted"): void {
    for (const { executionId } of this.#flights.takeAll()) {
      this.#host.output.finish(executionId);
      const status = this.#execution(executionId)?.status === "running" ? ended : "not-run";
      this.#host.submit({ type: "execution-finished", executionId, status, executionCount: null, reason });
    }
  }

  #notRun(executionId: string, reason: string): void {
    this.#host.submit({ type: "execution-finished", executionId, status: "not-run", executionCount: null, reason });
  }

  #changed(status: KernelRuntime["status"], detail?: string): void {
    const { runtime } = this.#host.state();
    const spec = this.#kernel?.spec;
    this.#host.submit({
      type: "kernel-changed",
      kernelName: spec?.name ?? runtime.kernelName,
      displayName: spec?.displayName ?? runtime.displayName,
      language: spec?.language ?? runtime.language,
      kernelId: this.#kernel?.id ?? null,
      status,
      ...(detail === undefined ? {} : { detail }),
    });
  }
}

const isQueued = ({ status }: { status: string }) => status === "queued";

/** A magic of our own kernel, the only one that stops at breakpoints. */
const CONTINUE = "%continue";
