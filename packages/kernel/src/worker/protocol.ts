import type { JsonObject } from "@opsbook/jupyter/codec";
import { History } from "../history/history.ts";
import { HistoryStore } from "../history/store.ts";
import type { Question, Report, ToMain } from "../link.ts";
import { utf16Units } from "../transform/code-points.ts";
import { Children } from "./children.ts";
import { Executions } from "./executions.ts";
import { HostComm } from "./host-comm.ts";
import { Interrupter } from "./interrupter.ts";
import { kernelInfo } from "./kernel-info.ts";
import { StdinPrompts } from "./prompts.ts";
import { flagField, numberField, textField, textsField } from "./requests.ts";
import type { Incoming, Sockets } from "./sockets.ts";

export interface ProtocolParts {
  sockets: Sockets;
  /** Folder of the history that outlives this process; null to keep none. */
  history: string | null;
  /** Values of secrets may leave: only their own user can read what this kernel publishes. */
  secrets: boolean;
  toMain(order: ToMain): void;
  /** A server opened or closed the host channel. */
  hostOpened(open: boolean): void;
  /** How many modules the main thread has begun to load. */
  loads(): number;
  /** Sends the last messages and lets the process end. */
  leave(): void;
}

interface Running {
  index: number;
  request: Incoming;
  count: number;
  stopOnError: boolean;
  storeHistory: boolean;
  /** Its breakpoint was left and it takes over as soon as nothing else runs. */
  goesOn: boolean;
}

/** Milliseconds the main thread gets to leave by itself at a shutdown. */
const FAREWELL = 1000;

/** The kernel's side of the protocol: all of its state lives here, out of reach of a terminated cell. */
export class Protocol {
  readonly #parts: ProtocolParts;
  readonly #sockets: Sockets;
  readonly #executions = new Executions();
  readonly #children = new Children((index, text) => this.text(index, "stderr", text));
  readonly #history: History;
  readonly #host: HostComm;
  readonly #prompts: StdinPrompts;
  readonly #interrupter: Interrupter;
  readonly #queue: Incoming[] = [];
  readonly #questions = new Map<number, { request: Incoming; reply: string }>();
  #running: Running | null = null;
  /** Executions that wait at a breakpoint, the innermost last. */
  readonly #paused: Running[] = [];
  #count = 0;
  #lastQuestion = 0;
  #ready = false;

  constructor(parts: ProtocolParts) {
    this.#parts = parts;
    this.#history = new History(parts.history === null ? null : new HistoryStore(parts.history));
    this.#sockets = parts.sockets;
    this.#host = new HostComm(parts.sockets, {
      secrets: parts.secrets,
      opened: parts.hostOpened,
      received: (data) => parts.toMain({ type: "host-message", data }),
    });
    this.#prompts = new StdinPrompts(parts.sockets, this.#executions, (id, value) =>
      parts.toMain({ type: "input-reply", id, value }),
    );
    this.#interrupter = new Interrupter({
      ask: (index, terminated) => parts.toMain({ type: "interrupt", index, terminated }),
      background: () => this.#children.background(),
      waitedFor: (pid, index) => this.#children.waitedFor(pid, index),
      loads: parts.loads,
    });
  }

  receive(request: Incoming): void {
    const { header, content } = request.message;
    switch (header.msg_type) {
      case "execute_request":
        this.#queue.push(request);
        this.#next();
        return;
      case "input_reply":
        this.#prompts.answer(request);
        return;
      case "comm_open":
        this.#host.open(textField(content, "comm_id"), textField(content, "target_name"), header);
        return;
      case "comm_close":
        this.#host.close(textField(content, "comm_id"));
        return;
      case "comm_msg":
        this.#host.receive(textField(content, "comm_id"), content.data);
        return;
      case "kernel_info_request":
        this.#answer(request, "kernel_info_reply", kernelInfo());
        return;
      case "comm_info_request":
        this.#answer(request, "comm_info_reply", {
          status: "ok",
          comms: this.#host.list(textField(content, "target_name")),
        });
        return;
      case "history_request":
        this.#answer(request, "history_reply", this.#history.answer(content));
        return;
      case "connect_request":
        this.#answer(request, "connect_reply", {});
        return;
      case "complete_request":
        this.#ask(request, "complete_reply", { kind: "complete", ...codeAndCursor(content) });
        return;
      case "inspect_request":
        this.#ask(request, "inspect_reply", {
          kind: "inspect",
          ...codeAndCursor(content),
          detail: numberField(content, "detail_level", 0),
        });
        return;
      case "is_complete_request":
        this.#ask(request, "is_complete_reply", { kind: "is-complete", code: textField(content, "code") });
        return;
      case "interrupt_request":
        this.#answer(request, "interrupt_reply", { status: "ok" });
        this.#interrupter.interrupt((this.#running ?? this.#paused.at(-1))?.index ?? 0);
        this.#children.interrupt(this.#running?.index ?? 0);
        return;
      case "shutdown_request":
        this.#answer(request, "shutdown_reply", { status: "ok", restart: flagField(content, "restart", false) });
        this.#shutDown();
        return;
      default:
        this.#refuse(request, header.msg_type);
    }
  }

  take(report: Report): void {
    switch (report.type) {
      case "ready":
        this.#ready = true;
        this.#sockets.publish("status", { execution_state: "idle" }, {});
        this.#next();
        return;
      case "publish":
        this.#sockets.publish(
          report.messageType,
          report.content,
          this.#executions.parentOf(report.index),
          report.metadata,
        );
        return;
      case "host":
        if (report.data.type === "secret-registered") this.#history.hide(report.data.value);
        this.#host.send(report.data, this.#executions.parentOf(report.index));
        return;
      case "done":
        this.#done(report);
        return;
      case "paused":
        this.#pause(report.index);
        return;
      case "resumed":
        this.#resume(report.index);
        return;
      case "answer":
        this.#answered(report.id, report.content);
        return;
      case "interrupted":
        this.#interrupted(report);
        return;
      case "input":
        this.#prompts.ask(report);
        return;
      case "child":
        if (report.alive) this.#children.started(report.pid, report.index);
        else this.#children.ended(report.pid);
        return;
      case "forget":
        this.#children.forget(report.index);
        if (this.#running?.index !== report.index) this.#executions.forget(report.index);
        return;
      case "exit":
        this.#leave(report.code);
        return;
      default:
        report satisfies never;
    }
  }

  /** Text of an execution's stream. */
  text(index: number, name: "stdout" | "stderr", text: string): void {
    this.#sockets.publish("stream", { name, text }, this.#executions.parentOf(index));
  }

  #next(): void {
    if (this.#running || !this.#ready) return;
    const request = this.#queue.shift();
    if (!request) return;
    const { header, content } = request.message;
    const silent = flagField(content, "silent", false);
    const storeHistory = !silent && flagField(content, "store_history", true);
    if (storeHistory) this.#count++;
    const code = textField(content, "code");
    const index = this.#executions.open(request);
    this.#running = {
      index,
      request,
      count: this.#count,
      storeHistory,
      goesOn: false,
      stopOnError: flagField(content, "stop_on_error", true),
    };
    this.#status("busy", request);
    if (!silent) this.#sockets.publish("execute_input", { code, execution_count: this.#count }, header);
    this.#parts.toMain({
      type: "execute",
      index,
      header,
      code,
      silent,
      storeHistory,
      count: this.#count,
      userExpressions: textsField(content, "user_expressions"),
      allowStdin: flagField(content, "allow_stdin", true),
    });
  }

  #done({ index, reply, outputText }: { index: number; reply: JsonObject; outputText: string | null }): void {
    if (this.#running?.index === index) {
      this.#finish(reply, outputText);
      return;
    }
    // It went on from its breakpoint and ended while another one still runs.
    const at = this.#paused.findIndex((one) => one.index === index);
    const [ended] = at < 0 ? [] : this.#paused.splice(at, 1);
    if (ended) this.#answerExecution(ended, reply, outputText);
  }

  /** The program of an execution waits, so that others can run. */
  #pause(index: number): void {
    if (this.#running?.index !== index) return;
    this.#paused.push(this.#running);
    this.#running = null;
    this.#next();
  }

  /** It goes on: at once, or when the execution that let it go on has ended. */
  #resume(index: number): void {
    const resumed = this.#paused.find((one) => one.index === index);
    if (!resumed) return;
    resumed.goesOn = true;
    if (!this.#running) this.#goOn();
  }

  #goOn(): void {
    const at = this.#paused.findLastIndex(({ goesOn }) => goesOn);
    const [resumed] = at < 0 ? [] : this.#paused.splice(at, 1);
    if (!resumed) return;
    resumed.goesOn = false;
    this.#running = resumed;
  }

  #finish(reply: JsonObject, outputText: string | null): void {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    this.#interrupter.finished();
    this.#answerExecution(running, reply, outputText);
    this.#goOn();
    if (reply.status === "error" && running.stopOnError) this.#abortQueue();
    this.#next();
  }

  #answerExecution(running: Running, reply: JsonObject, outputText: string | null): void {
    this.#prompts.drop(running.index);
    if (running.storeHistory) {
      this.#history.add({
        line: running.count,
        source: textField(running.request.message.content, "code"),
        output: outputText,
      });
    }
    this.#sockets.reply(running.request, "execute_reply", reply);
    this.#status("idle", running.request);
  }

  /** What was queued behind a cell that failed was sent in the belief that it would not. */
  #abortQueue(): void {
    for (const request of this.#queue.splice(0)) {
      this.#answer(request, "execute_reply", { status: "aborted", execution_count: this.#count });
    }
  }

  #interrupted(report: { index: number; running: boolean }): void {
    this.#interrupter.answered(report.index, report.running);
    // Its end was lost when the thread was terminated in the kernel's own code.
    if (report.running || this.#running?.index !== report.index) return;
    const error = { ename: "InterruptedError", evalue: "The cell was interrupted.", traceback: ["Interrupted"] };
    this.#sockets.publish("error", error, this.#executions.parentOf(report.index));
    this.#finish(
      { status: "error", execution_count: this.#running.count, user_expressions: {}, payload: [], ...error },
      null,
    );
  }

  #ask(request: Incoming, reply: string, question: Question): void {
    const id = ++this.#lastQuestion;
    this.#questions.set(id, { request, reply });
    this.#status("busy", request);
    this.#parts.toMain({ type: "ask", id, question });
  }

  #answered(id: number, content: JsonObject): void {
    const question = this.#questions.get(id);
    if (!question) return;
    this.#questions.delete(id);
    this.#sockets.reply(question.request, question.reply, content);
    this.#settle(question.request);
  }

  #answer(request: Incoming, type: string, content: JsonObject): void {
    this.#status("busy", request);
    this.#sockets.reply(request, type, content);
    this.#settle(request);
  }

  #refuse(request: Incoming, type: string): void {
    if (!type.endsWith("_request")) return;
    const error = { ename: "NotSupported", evalue: `This kernel does not know ${type}.`, traceback: [] };
    this.#answer(request, type.replace(/_request$/, "_reply"), { status: "error", ...error });
  }

  #status(state: "busy" | "idle", request: Incoming): void {
    this.#sockets.publish("status", { execution_state: state }, request.message.header);
  }

  /** Front ends show the last status whatever it belongs to, so a running cell says again that it runs. */
  #settle(request: Incoming): void {
    this.#status("idle", request);
    if (this.#running) this.#status("busy", this.#running.request);
  }

  #shutDown(): void {
    this.#parts.toMain({ type: "exit", code: 0 });
    setTimeout(() => {
      this.#interrupter.interrupt(0);
      setTimeout(() => this.#parts.leave(), FAREWELL);
    }, FAREWELL / 4);
  }

  /** The cell that ends the process has an end too. */
  #leave(code: number): void {
    const count = this.#running?.count ?? null;
    const error = { ename: "ProcessEnded", evalue: `The cell ended the kernel's process (${code}).`, traceback: [] };
    const end = code === 0 ? { status: "ok" } : { status: "error", ...error };
    this.#finish({ ...end, execution_count: count, user_expressions: {}, payload: [] }, null);
    this.#parts.leave();
  }
}

function codeAndCursor(content: JsonObject): { code: string; cursor: number } {
  const code = textField(content, "code");
  return { code, cursor: utf16Units(code, numberField(content, "cursor_pos", code.length)) };
}
