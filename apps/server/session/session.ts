import { dirname, join } from "node:path";
import { serializeNotebook } from "@opsbook/notebook";
import {
  type ApplyContext,
  type Author,
  apply,
  can,
  type Effect,
  type Entry,
  type Operation,
  type Rejected,
  rejected,
  type ServerOperation,
  type SessionOutput,
  type SessionState,
  type TimelineEvent,
  type UserOperation,
  whyForbidden,
  withEntry,
} from "@opsbook/notebook/session";
import type { Logger } from "pino";
import type { WebSocket } from "ws";
import { type OutputStore, toFile } from "../store/convert.ts";
import { versionOf } from "../store/formats.ts";
import type { KernelCursor, Saved } from "../store/session-folder.ts";
import type { Connection, Identity } from "./connection.ts";
import { KernelDriver } from "./kernel-driver.ts";
import { KernelOutput } from "./kernel-output.ts";
import { loggable } from "./loggable.ts";
import { setNextInputs } from "./next-inputs.ts";
import { OutsideChanges } from "./outside.ts";
import { Persistence, type PersistenceHost, type SessionSnapshot } from "./persistence.ts";
import { resumeKernel } from "./resume-kernel.ts";
import { Room } from "./room.ts";
import { Saver } from "./saver.ts";
import type { CloseOptions, SessionParts, SessionStart } from "./session-parts.ts";
import { Submissions } from "./submissions.ts";
import { Versions } from "./versions.ts";

/** Output that changes nothing else in the state is accounted for in the log this often. */
const CURSOR_MS = 500;

/** The one writer of a notebook's state: every change goes through `#commit`. */
export class Session {
  readonly id: string;
  readonly path: string;
  readonly versions: Versions;
  readonly outside: OutsideChanges;
  readonly #parts: SessionParts;
  readonly #submissions: Submissions;
  readonly #room: Room;
  readonly #output: KernelOutput;
  readonly #driver: KernelDriver;
  readonly #saver: Saver;
  readonly #log: Logger;
  #persistence!: Persistence;
  #state: SessionState;
  #seq: number;
  #timeline: readonly TimelineEvent[];
  /** Where an earlier server had got to, until its kernel is found again. */
  #lostCursor: KernelCursor | null;
  #cursorTimer: NodeJS.Timeout | undefined;
  /** Stream outputs that no client was told of yet: their text waits. */
  readonly #unannounced = new Set<string>();
  #closed = false;

  private constructor(parts: SessionParts, start: SessionStart) {
    this.#parts = parts;
    this.id = parts.id;
    this.path = parts.path;
    this.#log = parts.log;
    this.#state = start.state;
    this.#seq = start.seq;
    this.#timeline = start.timeline;
    this.#lostCursor = start.cursor;
    this.#submissions = new Submissions(start);
    const state = () => this.#state;
    const submit = (op: ServerOperation) => this.#submitServer(op);
    const submitFact = (op: Operation, by: Author | null) => this.#submitFact(op, by);
    const replaceText: Room["replaceText"] = (...change) => this.#room.replaceText(...change);
    const { streams, blobs, runtime, log } = parts;
    const nextInputs = { state, submit: submitFact, replaceText, redactor: streams.redactor, log };
    this.#output = new KernelOutput({ state, submit, streams, blobs });
    this.#driver = new KernelDriver({
      state,
      submit,
      runtime,
      output: this.#output,
      streams,
      payloads: (executionId, payloads) => setNextInputs(nextInputs, executionId, payloads),
      cwd: () => dirname(this.#file()),
      label: () => this.path,
      log,
    });
    this.#saver = this.#newSaver(start.saved);
    this.#room = this.#newRoom();
    const file = () => this.#file();
    const outputStore = () => this.#outputStore();
    this.versions = new Versions({
      ...{ ...parts, file, state, outputStore, submit: submitFact },
      path: () => this.#parts.path,
      text: () => this.notebookText(),
      replaceText,
    });
    this.outside = new OutsideChanges({ versions: this.versions, file, state, outputStore, submit: submitFact, log });
    streams.onAppend = (outputId) => this.#streamGrew(outputId);
    streams.index(this.#state.notebook);
  }

  /** Throws the file system's error where the session's folder cannot be written. */
  static async open(parts: SessionParts, start: SessionStart): Promise<Session> {
    const session = new Session(parts, start);
    for (const entry of start.entries) session.#submissions.replay(entry);
    const host: PersistenceHost = {
      snapshot: () => session.#snapshot(),
      cursor: () => session.#cursor(),
      acknowledge: (kseq) => session.#driver.acknowledge(kseq),
      onTrouble: (message) => session.#saver.trouble(message),
      log: parts.log,
    };
    session.#persistence = await Persistence.open(parts.folder, host, start.saved);
    await resumeKernel(start, {
      streams: parts.streams,
      runtime: parts.runtime,
      output: session.#output,
      driver: session.#driver,
      submit: (op) => session.#submitServer(op),
    });
    session.#lostCursor = null;
    if (start.seq > start.saved.seq) session.#saver.touch();
    return session;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** What people did up to `seq`, oldest first. */
  get timeline(): { seq: number; events: readonly TimelineEvent[] } {
    return { seq: this.#seq, events: this.#timeline };
  }

  /** Sockets that look at it. */
  get viewers(): number {
    return this.#room.size;
  }

  /** Told after every change of the state. */
  readonly watch = (listener: () => void): Disposable => this.#room.watch(listener);

  attach(socket: WebSocket, identity: Identity): void {
    const connection = this.#room.attach(socket, identity);
    if (this.#closed) connection.close(4004);
  }

  output(outputId: string): SessionOutput | undefined {
    for (const cell of this.#state.notebook.cells) {
      const output = cell.outputs.find(({ id }) => id === outputId);
      if (output) return output;
    }
    return undefined;
  }

  /** Of this stream output start and end are left. */
  outputCollected(outputId: string): void {
    if (this.#parts.streams.bytes(outputId) !== undefined) this.#room.outputCollected(outputId);
  }

  /** The current `.ipynb` text. */
  async notebookText(): Promise<string> {
    return serializeNotebook(await toFile(this.#state.notebook, this.#outputStore()));
  }

  /** Resolves when the `.ipynb` on disk holds everything so far. Rejects where it cannot be written. */
  save(): Promise<void> {
    return this.#saver.flush();
  }

  /** Ends the session and its kernel; the notebook is saved. */
  dispose(): Promise<void> {
    return this.close({ keepKernel: false });
  }

  async close({ keepKernel, movedTo }: CloseOptions): Promise<void> {
    if (this.#closed) return;
    if (!keepKernel) this.#output.closeAll();
    // Its last operations belong into the log.
    await this.#driver.close({ keepKernel });
    this.#closed = true;
    clearTimeout(this.#cursorTimer);
    this.versions.stop();
    this.#room.closeAll(keepKernel && movedTo === undefined ? 4010 : 4004);
    if (movedTo !== undefined) this.#parts.path = movedTo;
    try {
      if (movedTo === undefined) await this.#saver.close();
      else this.#saver.stop();
    } finally {
      await this.#persistence.close();
    }
  }

  // --- Operations ---

  #submitUser(connection: Connection, clientSeq: number, op: UserOperation): void {
    const { clientId, identity } = connection;
    const earlier = this.#submissions.answered(clientId, clientSeq);
    if (earlier) {
      this.#room.answer(connection, clientSeq, earlier);
      return;
    }
    const role = identity.role();
    const allowed = role !== null && can(role, op);
    const context: ApplyContext = { by: identity.user, at: Date.now() };
    const resolved = allowed ? this.#room.resolve(connection, op) : rejected("forbidden", whyForbidden(op));
    const result = resolved.ok ? apply(this.#state, resolved.op, context) : resolved;
    if (!resolved.ok || !result.ok) {
      const { code, message } = result as Rejected;
      this.#submissions.record(clientId, clientSeq, { code, message });
      this.#room.answer(connection, clientSeq, { code, message });
      return;
    }
    const seq = this.#seq + 1;
    this.#submissions.record(clientId, clientSeq, { seq });
    const entry: Entry = { seq, ...context, origin: { clientId, clientSeq }, op: loggable(resolved.op, this.#state) };
    void this.#commit(entry, { ...result, durable: true });
  }

  #submitServer(op: ServerOperation): boolean {
    const context: ApplyContext = { by: null, at: Date.now() };
    const result = apply(this.#state, op, context);
    if (!result.ok) {
      this.#log.debug({ op: op.type, code: result.code }, result.message);
      return false;
    }
    // What a kernel said is asked for again after a crash: it need not wait for the disk.
    void this.#commit({ seq: this.#seq + 1, ...context, op }, { ...result, durable: false });
    return true;
  }

  /** What the server did because somebody asked it to. Resolves once it is on disk and told. */
  #submitFact(op: Operation, by: Author | null): Promise<void> | Rejected {
    const context: ApplyContext = { by, at: Date.now() };
    const result = apply(this.#state, op, context);
    if (!result.ok) return result;
    const told = this.#commit({ seq: this.#seq + 1, ...context, op }, { ...result, durable: true });
    if (op.type !== "notebook-replaced") return told;
    this.#parts.streams.index(this.#state.notebook);
    return told.then(() => {
      for (const outputId of this.#streamIds()) this.#room.outputGrew(outputId);
    });
  }

  /** Takes its place in the order, goes to the log, then to everybody, then takes effect. */
  #commit(entry: Entry, change: { state: SessionState; effects: Effect[]; durable: boolean }): Promise<void> {
    const changed = change.state.notebook !== this.#state.notebook;
    this.#state = change.state;
    this.#seq = entry.seq;
    this.#room.remember(entry);
    this.#timeline = withEntry(this.#timeline, entry, change.state);
    if (changed) {
      this.#saver.touch();
      this.versions.touch();
    }
    const stream = entry.op.type === "output-opened" ? entry.op.output.id : null;
    if (stream !== null) this.#unannounced.add(stream);
    const json = JSON.stringify(entry);
    return this.#persistence.store(`{"entry":${json}}`, change.durable).then(() => {
      this.#room.announce(entry, { json, state: change.state });
      if (stream !== null && this.#unannounced.delete(stream)) this.#room.outputGrew(stream);
      for (const effect of change.effects) this.#effect(effect);
    });
  }

  #effect(effect: Effect): void {
    const failed = (error: Error) => this.#log.error({ err: error, effect: effect.type }, "an effect failed");
    switch (effect.type) {
      case "advance-queue":
        this.#driver.advance();
        break;
      case "interrupt-kernel":
        void this.#driver.interrupt().catch(failed);
        break;
      case "cancel-execution":
        void this.#driver.cancel(effect.executionId).catch(failed);
        break;
      case "continue-execution":
        void this.#driver.goOn().catch(failed);
        break;
      case "restart-kernel":
        void this.#driver.restart().catch(failed);
        break;
      case "select-kernel":
        void this.#driver.select(effect.kernelName).catch(failed);
        break;
      case "send-input":
        void this.#driver.sendInput(effect.value).catch(failed);
        break;
      case "send-answer":
        void this.#driver.sendAnswer(effect).catch(failed);
        break;
      case "discard-outputs":
        this.#parts.streams.discard(effect.outputIds);
        break;
    }
  }

  // --- Clients and outputs ---

  #newRoom(): Room {
    const { streams } = this.#parts;
    return new Room({
      id: this.id,
      path: () => this.path,
      state: () => this.#state,
      seq: () => this.#seq,
      save: () => this.#saver.status,
      submissions: this.#submissions,
      submit: (connection, clientSeq, op) => this.#submitUser(connection, clientSeq, op),
      joined: ({ clientId, identity }) => {
        this.#submitServer({
          type: "client-joined",
          clientId,
          user: identity.user,
          role: identity.role() ?? "viewer",
        });
        if (this.#state.runtime.status === "none") void this.#driver.start();
      },
      left: ({ clientId }) => {
        if (!this.#closed) this.#submitServer({ type: "client-left", clientId });
      },
      streamIds: () => this.#streamIds(),
      ...streams.reader((outputId) => this.#unannounced.has(outputId)),
    });
  }

  *#streamIds(): Iterable<string> {
    for (const { outputs } of this.#state.notebook.cells)
      for (const output of outputs) if (output.output_type === "stream") yield output.id;
  }

  #streamGrew(outputId: string): void {
    this.#room.outputGrew(outputId);
    this.#saver.touch();
    this.#cursorTimer ??= setTimeout(() => {
      this.#cursorTimer = undefined;
      const cursor = this.#driver.cursor();
      if (cursor && !this.#closed) void this.#persistence.store(JSON.stringify({ cursor }), false);
    }, CURSOR_MS);
  }

  // --- Kernel and disk ---

  #newSaver(saved: Saved): Saver {
    return new Saver(
      {
        file: () => this.#file(),
        content: async () => {
          const seq = this.#seq;
          return { text: await this.notebookText(), seq };
        },
        onStatus: (save) => this.#room.broadcast({ type: "save", save }),
        willSave: async (mark) => {
          await this.#parts.streams.sync();
          await this.#persistence.willSave(mark);
        },
        onSaved: (mark) => this.#persistence.saved(mark),
        onOutsideChange: (text) => this.outside.take(text),
        onConflict: (copy, text) => this.outside.conflict(copy, text),
        log: this.#log,
      },
      saved,
    );
  }

  #snapshot(): SessionSnapshot {
    return {
      version: versionOf("session"),
      path: this.#parts.path,
      seq: this.#seq,
      state: { ...this.#state, clients: [] },
      ...this.#submissions.toJSON(),
      cursor: this.#cursor(),
      timeline: [...this.#timeline],
    };
  }

  #cursor(): KernelCursor | null {
    return this.#driver.cursor() ?? this.#lostCursor;
  }

  #outputStore(): OutputStore {
    return this.#parts.streams.outputStore(this.#parts.blobs);
  }

  #file(): string {
    return join(this.#parts.root, this.#parts.path);
  }
}
