import {
  can,
  type Entry,
  type Operation,
  PROTOCOL_VERSION,
  type Presence,
  type ServerFrame,
  type SessionCell,
  type SessionState,
  sourceHash,
  type UserOperation,
} from "@opsbook/notebook/session";
import { createStore, type StoreApi } from "zustand/vanilla";
import { errorMessage } from "../api.ts";
import { type CellNotice, CellViews } from "./cell-views.ts";
import { randomId } from "./client-id.ts";
import { initialState, type NotebookState, type NoticeAction, shownOf } from "./notebook-state.ts";
import { OutputStore } from "./output-store.ts";
import { PresenceLink } from "./presence-link.ts";
import { Replica, type Submission } from "./replica.ts";
import { type ConnectionState, SessionSocket } from "./session-socket.ts";
import { StructuralUndo, type UndoStep } from "./structural-undo.ts";
import { TextDocs } from "./text-docs.ts";

export interface NotebookSessionOptions {
  sessionId: string;
  socketUrl: string;
  clientId: string;
}

export interface SessionEntry {
  entry: Entry;
  /** After it. */
  state: SessionState;
}

/** Operations that mean a run: what a lost server had not done, a person has to ask for again. */
const NEVER_CARRIED_OVER = new Set<UserOperation["type"]>([
  "run-cells",
  "cancel-run",
  "continue-run",
  "interrupt-kernel",
  "restart-kernel",
  "select-kernel",
  "answer-prompt",
]);

/** This page's end of one session: the connection, the replica, texts under edit, outputs, who else is there. */
export class NotebookSession {
  readonly sessionId: string;
  readonly store: StoreApi<NotebookState>;
  readonly cells = new CellViews();
  readonly outputs: OutputStore;
  readonly texts: TextDocs;
  #clientId: string;
  #socket: SessionSocket;
  #replica: Replica | null = null;
  #epoch: string | null = null;
  #undo = new StructuralUndo();
  readonly #listeners = new Set<(entry: SessionEntry) => void>();
  #notices = new Map<string, CellNotice>();
  /** Cells this person deleted: what was typed there goes with them. */
  #ownDeletions = new Set<string>();
  #heldTexts: Extract<ServerFrame, { type: "text-state" }>[] = [];
  #presence: PresenceLink;

  constructor({ sessionId, socketUrl, clientId }: NotebookSessionOptions) {
    this.sessionId = sessionId;
    this.#clientId = clientId;
    this.store = createStore(initialState);
    this.#presence = new PresenceLink(clientId, (frame) => void this.#socket.send(frame));
    this.outputs = new OutputStore((outputId, offset, limit) =>
      this.#socket.send({ type: "fetch-output", outputId, offset, limit }),
    );
    this.texts = new TextDocs({
      requestText: (cellId, request) => this.#socket.send({ type: "open-text", cellId, request }),
      releaseText: (cellId) => void this.#socket.send({ type: "close-text", cellId }),
      submitEdit: (cellId, update) => this.submit({ type: "edit-source", cellId, update }),
      // A cell added here a moment ago is not confirmed yet; the server hears of it before it is asked for its text.
      confirmedText: (cellId) =>
        sourceIn(this.#replica?.confirmed, cellId) ?? sourceIn(this.#replica?.visible, cellId) ?? null,
      onOrphan: (cellId, text) => {
        if (!this.#ownDeletions.delete(cellId))
          this.#keepText("The cell you were typing in was deleted meanwhile.", text);
      },
      onText: () => this.#publishCells(),
    });
    this.#socket = new SessionSocket({
      url: socketUrl,
      hello: () => ({
        type: "hello",
        protocol: PROTOCOL_VERSION,
        clientId: this.#clientId,
        epoch: this.#epoch,
        lastSeq: this.#epoch === null ? 0 : (this.#replica?.seq ?? 0),
        outputs: this.outputs.offsets(),
      }),
      onFrame: (frame) => this.#receive(frame),
      onConnection: (connection, message) => this.#connection(connection, message),
      onRtt: (rttMs) => this.store.setState({ rttMs }),
    });
  }

  /** The state with this client's unanswered requests; null before the first one came. */
  get state(): SessionState | null {
    return this.#replica?.visible ?? null;
  }

  get clientId(): string {
    return this.#clientId;
  }

  allowed(type: UserOperation["type"]): boolean {
    const { role } = this.store.getState();
    return role !== null && can(role, { type } as UserOperation);
  }

  /** Shows the operation's result at once and sends it; it is sent again until it is answered. Gives its number. */
  submit(op: UserOperation): number {
    if (!this.#replica) throw new Error("nothing can be asked of a session that was never seen");
    const submission = this.#replica.submit(op, Date.now());
    this.#send(submission);
    if (op.type !== "edit-source") this.#publish();
    return submission.clientSeq;
  }

  /** Changes of structure made together, taken back together. */
  change(ops: readonly UserOperation[]): void {
    if (!this.#replica || ops.length === 0) return;
    this.#undo.record(ops, this.#replica.visible);
    for (const op of ops) this.submit(op);
  }

  undo(): void {
    if (this.#replica) this.#step(this.#undo.undo(this.#replica.visible));
  }

  redo(): void {
    if (this.#replica) this.#step(this.#undo.redo(this.#replica.visible));
  }

  /** Notes a change that was made by other means, so that undo takes it back. */
  recordUndo(back: UndoStep): void {
    this.#undo.recordStep(back);
    this.#publish();
  }

  #step(step: UserOperation[] | Promise<void>): void {
    if (Array.isArray(step)) for (const op of step) this.submit(op);
    else step.then(() => this.#publish()).catch((error: unknown) => this.notify(errorMessage(error)));
  }

  /** Told of every confirmed operation. Returns what ends it. */
  onEntry(listener: (entry: SessionEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Runs the code cells among these as this person sees them, in this order. */
  async run(cellIds: readonly string[]): Promise<void> {
    const code = cellIds.filter((id) => this.#cellType(id) === "code" && this.#text(id).trim() !== "");
    for (const id of code) this.#notices.delete(id);
    const sent = await Promise.all(code.map((id) => this.texts.flush(id)));
    if (this.store.getState().connection !== "online" || sent.includes(false)) {
      this.notify("Not connected: nothing was run. Run it again once the connection is back.");
      return;
    }
    const runs = code.map((cellId) => ({
      executionId: randomId(),
      cellId,
      sourceHash: sourceHash(this.#text(cellId)),
    }));
    if (runs.length > 0) this.submit({ type: "run-cells", runs });
  }

  stop(cellId: string): void {
    const execution = this.cells.get(cellId)?.getState().execution;
    if (execution?.status === "queued" || execution?.status === "running")
      this.submit({ type: "cancel-run", executionId: execution.id });
  }

  /** Lets the cell go on that stopped last at a breakpoint. */
  goOn(): void {
    const stopped = this.store.getState().stoppedRun;
    if (stopped !== null) this.submit({ type: "continue-run", executionId: stopped });
  }

  insertCell(after: string | null, cellType: SessionCell["cell_type"], source = ""): string {
    const cellId = randomId().slice(0, 8);
    const order = this.store.getState().order;
    const index = after === null ? 0 : order.indexOf(after) + 1;
    this.change([{ type: "insert-cell", cellId, cellType, source, metadata: {}, after, index }]);
    return cellId;
  }

  setPresence(presence: Presence): void {
    this.#presence.set(presence);
  }

  notify(message: string, action?: NoticeAction): void {
    const notice = { id: randomId(), message, ...(action ? { action } : {}) };
    this.store.setState(({ notices }) => ({ notices: [...notices, notice].slice(-3) }));
  }

  dismiss(noticeId: string): void {
    this.store.setState(({ notices }) => ({ notices: notices.filter(({ id }) => id !== noticeId) }));
  }

  dismissCellNotice(cellId: string): void {
    this.#notices.delete(cellId);
    this.#publishCells();
  }

  /** The network came back or the page is looked at again. */
  wake(): void {
    this.#socket.retryNow();
  }

  reconnect(): void {
    this.#socket.reopen();
  }

  dispose(): void {
    this.texts.flushAll();
    this.#presence.stop();
    this.#socket.close();
    this.texts.disconnected();
  }

  #cellType(cellId: string): SessionCell["cell_type"] | undefined {
    return this.cells.get(cellId)?.getState().cell.cell_type;
  }

  #text(cellId: string): string {
    return this.cells.get(cellId)?.getState().source ?? "";
  }

  #send({ clientSeq, op }: Submission): void {
    this.#socket.send({ type: "submit", clientSeq, op });
  }

  #connection(connection: ConnectionState, message: string | null): void {
    const before = this.store.getState().connection;
    if (before === "online" && connection !== "online") this.#endDocuments();
    if (connection !== "online") this.#presence.clear();
    this.store.setState({
      connection,
      connectionMessage: message,
      peers: this.#presence.peers,
      ...(connection === "online" ? {} : { rttMs: null }),
    });
    if (connection === "online") {
      this.texts.connected();
      this.#presence.announce();
    }
    this.#publish();
  }

  /** Documents of cell text and what was asked for live as long as a connection, and never into another epoch. */
  #endDocuments(): void {
    this.texts.disconnected();
    this.#replica?.abandon(({ op }) => op.type === "edit-source");
    this.outputs.disconnected();
    this.#heldTexts = [];
  }

  #receive(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        this.#welcome(frame);
        break;
      case "op":
        this.#entry(frame.entry);
        break;
      case "accepted":
        this.#replica?.settle(frame.clientSeq);
        this.#publish();
        break;
      case "rejected":
        this.#rejected(frame);
        break;
      case "output":
        this.outputs.receive(frame);
        break;
      case "text-state":
        this.#heldTexts.push(frame);
        this.#loadTexts();
        break;
      case "presence":
        if (!this.#presence.receive(frame)) break;
        this.store.setState({ peers: this.#presence.peers });
        this.#publishCells();
        break;
      case "save":
        this.store.setState({ save: frame.save });
        break;
      case "pong":
        break;
    }
  }

  #welcome(frame: Extract<ServerFrame, { type: "welcome" }>): void {
    const sameEpoch = this.#epoch === frame.epoch;
    // The server begins a new epoch on a living connection when the file was changed outside.
    if (this.store.getState().connection === "online") this.#endDocuments();
    if (frame.snapshot) {
      this.texts.restarted(frame.lastClientSeq, new Set(frame.refused));
      this.#loadSnapshot(frame.snapshot, frame);
    }
    for (const entry of frame.entries ?? []) this.#entry(entry);
    this.#epoch = frame.epoch;
    this.store.setState({ me: frame.user, role: frame.role, save: frame.save, loaded: true });
    if (!this.#replica) return;
    this.#forgetAnswered(frame);
    const lost = this.#replica.abandon(({ op, clientSeq }) => {
      const isAnswered = clientSeq <= frame.lastClientSeq;
      return !isAnswered && !sameEpoch && NEVER_CARRIED_OVER.has(op.type);
    });
    if (!sameEpoch && lost.some(({ op }) => op.type === "run-cells"))
      this.notify("The server restarted before your run reached it. Run it again if it is still needed.");
    for (const submission of this.#replica.pending) this.#send(submission);
    this.#publish();
  }

  /** A snapshot holds what was accepted. What was refused is sent again, so that its refusal is told. */
  #forgetAnswered({ snapshot, lastClientSeq, refused }: Extract<ServerFrame, { type: "welcome" }>): void {
    if (!snapshot) return;
    const told = new Set(refused);
    this.#replica?.abandon(({ clientSeq }) => clientSeq <= lastClientSeq && !told.has(clientSeq));
  }

  #loadSnapshot(snapshot: SessionState, frame: Extract<ServerFrame, { type: "welcome" }>): void {
    if (this.#replica) this.#replica.load(snapshot, frame.seq);
    else
      this.#replica = new Replica({
        state: snapshot,
        seq: frame.seq,
        me: frame.user,
        nextClientSeq: frame.lastClientSeq + 1,
      });
  }

  #entry(entry: Extract<ServerFrame, { type: "op" }>["entry"]): void {
    if (!this.#replica) return;
    const { op } = entry;
    try {
      if (!this.#replica.add(entry, this.#clientId)) return;
    } catch (error) {
      // Ours and the server's state have come apart: the whole of it is asked for again.
      console.error(error);
      this.#epoch = null;
      this.#socket.restart();
      return;
    }
    for (const listener of this.#listeners) listener({ entry, state: this.#replica.confirmed });
    const own = entry.origin?.clientId === this.#clientId ? entry.origin.clientSeq : null;
    if (op.type === "edit-source") {
      this.texts.applied(op.cellId, { update: op.update, splices: op.splices ?? [], own });
    } else if (op.type === "delete-cell") {
      if (own !== null) this.#ownDeletions.add(op.cellId);
      this.texts.forget(op.cellId);
      this.#ownDeletions.delete(op.cellId);
    } else if (op.type === "notebook-replaced") this.#replaced(op);
    else if (op.type === "restore-cell" || op.type === "insert-cell") this.texts.revived(op.cellId);
    this.#loadTexts();
    this.#publish();
    if (RETIRES_OUTPUTS.has(op.type)) this.#retainOutputs();
  }

  /** Open editors follow the new text; those of cells that went end. */
  #replaced({ cells }: Extract<Operation, { type: "notebook-replaced" }>): void {
    const kept = new Set(cells.map(({ cellId }) => cellId));
    for (const cellId of this.store.getState().order) if (!kept.has(cellId)) this.texts.forget(cellId);
    for (const { cellId, edit } of cells) if (edit) this.texts.applied(cellId, { ...edit, own: null });
  }

  #loadTexts(): void {
    const seq = this.#replica?.seq ?? 0;
    const due = this.#heldTexts.filter((frame) => frame.seq <= seq);
    this.#heldTexts = this.#heldTexts.filter((frame) => frame.seq > seq);
    for (const frame of due) this.texts.load(frame.cellId, frame);
  }

  #rejected({ clientSeq, code, message }: Extract<ServerFrame, { type: "rejected" }>): void {
    const submission = this.#replica?.settle(clientSeq);
    if (!submission) return;
    const { op } = submission;
    if (op.type === "edit-source") {
      const outcome = this.texts.refused(op.cellId, clientSeq);
      // A refusal that the rebuilt document mends by itself is nobody's business.
      if (outcome !== "kept") this.#keepText(`What you typed last was not taken. ${message}`, outcome.givenUp);
    } else if (op.type === "run-cells" && code === "source-changed") this.#sourceChanged(op, message);
    else this.notify(message);
    this.#publish();
  }

  /** Text that has no place any more stays with the person who typed it. */
  #keepText(message: string, text: string): void {
    const keep = () => this.insertCell(this.store.getState().order.at(-1) ?? null, "code", text);
    this.notify(message, { label: "Keep my text as a new cell", run: keep });
  }

  #sourceChanged(op: Extract<UserOperation, { type: "run-cells" }>, message: string): void {
    const cellIds = op.runs.map(({ cellId }) => cellId);
    const changed = op.runs.find(({ cellId, sourceHash: seen }) => sourceHash(this.#text(cellId)) !== seen);
    const cellId = (changed ?? op.runs[0])?.cellId;
    if (cellId === undefined) return;
    this.#notices.set(cellId, {
      message,
      action: { label: "Run as it stands", run: () => void this.run(cellIds) },
    });
  }

  #retainOutputs(): void {
    const { notebook } = this.#replica!.confirmed;
    const cells = [...notebook.cells, ...notebook.bin.map(({ cell }) => cell)];
    this.outputs.retain(new Set(cells.flatMap(({ outputs }) => outputs.map(({ id }) => id))));
  }

  #publishCells(): void {
    const state = this.#replica?.visible;
    if (!state) return;
    this.cells.update({
      state,
      textOf: (cellId) => this.texts.textOf(cellId),
      peers: this.#presence.peers,
      notices: this.#notices,
    });
  }

  #publish(): void {
    const state = this.#replica?.visible;
    if (!state) return;
    // Cells first: whoever hears of a new one in the order finds its store.
    this.#publishCells();
    const { canUndo, canRedo } = this.#undo;
    this.store.setState((before) => ({ ...shownOf(state, before), canUndo, canRedo }));
  }
}

function sourceIn(state: SessionState | null | undefined, cellId: string): string | undefined {
  return state?.notebook.cells.find(({ id }) => id === cellId)?.source;
}

const RETIRES_OUTPUTS = new Set<string>([
  "execution-started",
  "outputs-cleared",
  "clear-outputs",
  "set-cell-type",
  "notebook-replaced",
]);
