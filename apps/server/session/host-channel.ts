import { randomUUID } from "node:crypto";
import {
  HOST_CHANNEL_VERSION,
  HOST_COMM_ID,
  HOST_COMM_TARGET,
  type HostMessage,
  hostMessageSchema,
  type JsonObject,
  type Message,
  newHeader,
} from "@opsbook/jupyter";
import { formSchema, idSchema, type ServerOperation, type SessionState } from "@opsbook/notebook/session";
import type { Logger } from "pino";
import type { Kernel, KernelEvent } from "../runtime/index.ts";
import type { KernelOutput } from "./kernel-output.ts";
import type { Redactor } from "./redactor.ts";

/** Milliseconds a kernel that has the channel gets to tell its secrets again. */
const ATTACH_MS = 30_000;
/** Questions open at once, and records shown by one run: beyond them a kernel is not listened to. */
const MOST_PROMPTS = 50;
const MOST_RECORDS = 100;
/** Milliseconds between two drawings of one bar. */
const REDRAW_MS = 200;

type Said<T extends HostMessage["type"]> = Extract<HostMessage, { type: T }>;

export interface HostChannelHost {
  state(): SessionState;
  submit(op: ServerOperation): boolean;
  output: KernelOutput;
  redactor: Redactor;
  log: Logger;
}

/**
 * The server's end of the host channel of one kernel. It opens it in every life of the kernel and after its own
 * restart. What arrives is a claim of code in a kernel: it is shown, and gives no right to anything.
 */
export class HostChannel {
  readonly #host: HostChannelHost;
  #attached = Promise.withResolvers<void>();
  #offered = false;
  readonly #records = new Map<string, number>();
  readonly #bars = new Map<string, number>();

  constructor(host: HostChannelHost) {
    this.#host = host;
  }

  /** This kernel has answered on the channel. */
  get offered(): boolean {
    return this.#offered;
  }

  /** Kernels of other languages do not have it. */
  open(kernel: Kernel): void {
    this.#attached = Promise.withResolvers<void>();
    if (kernel.spec.language.toLowerCase() !== "typescript") return;
    const data = { version: HOST_CHANNEL_VERSION };
    void this.#send(kernel, "comm_open", { comm_id: HOST_COMM_ID, target_name: HOST_COMM_TARGET, data });
  }

  /** Opens it to a new server. Resolves when the kernel's secrets are known again, or will not be told. */
  async reopen(kernel: Kernel): Promise<void> {
    if (kernel.state === "dead") return;
    this.open(kernel);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ATTACH_MS);
    await Promise.race([this.#attached.promise, promise]);
    clearTimeout(timer);
  }

  /** Hears of an event before its turn: what was printed earlier and not read yet may hold a secret told now. */
  early(event: KernelEvent): void {
    if (event.type === "exited") this.#attached.resolve();
    if (event.type !== "message" || !isHostMessage(event.message)) return;
    const { data } = hostMessageSchema.safeParse(event.message.content.data);
    if (data?.type === "secret-registered") this.#host.redactor.register(data.name, data.value);
    if (data?.type !== "attached") return;
    this.#offered = true;
    this.#attached.resolve();
  }

  /** In its turn. False for what is none of the channel's messages. */
  take(executionId: string, message: Message): boolean {
    if (!isHostMessage(message)) return false;
    const parsed = hostMessageSchema.safeParse(message.content.data);
    if (parsed.success) this.#said(executionId, parsed.data);
    else this.#host.log.warn({ err: parsed.error }, "a message of the host channel was not understood");
    return true;
  }

  answer(kernel: Kernel, { promptId, answer }: { promptId: string; answer: JsonObject }): Promise<void> {
    const data = { version: HOST_CHANNEL_VERSION, type: "prompt-answered", id: promptId, value: answer };
    return this.#send(kernel, "comm_msg", { comm_id: HOST_COMM_ID, data });
  }

  #said(executionId: string, said: HostMessage): void {
    switch (said.type) {
      case "attached":
      case "secret-registered":
      // The plan's own output shows it, and the way to apply it.
      case "plan-offered":
        return;
      case "prompt-shown":
        this.#prompt(executionId, said);
        return;
      case "breakpoint-opened":
        this.#stopped(executionId, said);
        return;
      case "breakpoint-closed":
        this.#host.submit({ type: "breakpoint-closed", breakpointId: said.id });
        return;
      case "progress":
        this.#progress(executionId, said);
        return;
      case "guard-passed": {
        const { rule, why, reason } = said;
        this.#record(executionId, `Guard passed: ${rule}, because: ${reason}`, { kind: "guard", rule, why, reason });
        return;
      }
      case "terminal-offered": {
        const { id, title, argv } = said;
        this.#record(executionId, `Terminal offered: ${title}`, { kind: "terminal", id, title, argv });
        return;
      }
      case "plan-approved":
      case "prompt-answered":
      case "parameters-given":
        this.#host.log.warn({ type: said.type }, "a kernel said what only the server says");
        return;
      default:
        said satisfies never;
    }
  }

  #prompt(executionId: string, said: Said<"prompt-shown">): void {
    const { redactor, state, submit, log } = this.#host;
    const id = idSchema.safeParse(said.id);
    const form = formSchema.safeParse(redactor.json(said.form));
    if (!id.success || !form.success) {
      log.warn({ err: form.error ?? id.error }, "a kernel's form was not understood");
      return;
    }
    if (state().prompts.length >= MOST_PROMPTS) return;
    const { prompt, password } = said;
    const asked = { promptId: id.data, executionId, text: redactor.text(prompt), password, form: form.data };
    submit({ type: "prompt-opened", ...asked });
  }

  #stopped(executionId: string, said: Said<"breakpoint-opened">): void {
    const id = idSchema.safeParse(said.id);
    if (!id.success) return;
    const banner = this.#host.redactor.text(said.banner);
    this.#host.submit({ type: "breakpoint-opened", executionId, breakpointId: id.data, banner });
  }

  #progress(executionId: string, { id, label, done, total, finished }: Said<"progress">): void {
    const key = `${executionId} ${id}`;
    const drawn = this.#bars.get(key);
    const now = performance.now();
    if (drawn !== undefined && !finished && now - drawn < REDRAW_MS) return;
    if (drawn === undefined && !this.#mayRecord(executionId)) return;
    this.#bars.set(key, now);
    const count = `${done}${total === null ? "" : ` of ${total}`}`;
    this.#host.output.show(executionId, {
      data: {
        "text/plain": `${label}  ${count}${finished ? ", done" : ""}`,
        "application/vnd.opsbook.progress+json": { label, done, total, finished },
      },
      displayId: `host-progress-${id}`,
      update: drawn !== undefined,
    });
  }

  /** A line in the output of the run that caused it. */
  #record(executionId: string, text: string, record: JsonObject): void {
    if (!this.#mayRecord(executionId)) return;
    const data = { "text/plain": text, "application/vnd.opsbook.record+json": record };
    this.#host.output.show(executionId, { data, displayId: randomUUID(), update: false });
  }

  #mayRecord(executionId: string): boolean {
    const count = (this.#records.get(executionId) ?? 0) + 1;
    if (!this.#records.has(executionId)) {
      this.#records.clear();
      this.#bars.clear();
    }
    this.#records.set(executionId, count);
    return count <= MOST_RECORDS;
  }

  #send(kernel: Kernel, type: string, content: JsonObject): Promise<void> {
    const header = newHeader(type, { session: "opsbook" });
    const message = { header, parent_header: {}, metadata: {}, content, buffers: [] };
    return kernel.send("shell", message).catch((error: unknown) => {
      this.#attached.resolve();
      this.#host.log.warn({ err: error, type }, "a message of the host channel was not sent");
    });
  }
}

/** Also for whoever passes a kernel's messages on: these are not for others. */
export function isHostMessage({ header, content }: Message): boolean {
  return (
    header.msg_type.startsWith("comm_") &&
    (content.comm_id === HOST_COMM_ID || content.target_name === HOST_COMM_TARGET)
  );
}
