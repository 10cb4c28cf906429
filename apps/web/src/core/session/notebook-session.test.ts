import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NotebookSession } from "./notebook-session.ts";
import { SessionServer, stateOf } from "./testing/session-server.ts";

/** Waits for a fact, and fails where it never comes. */
async function until(fact: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!fact()) {
    assert.ok(performance.now() < end, `never came true: ${fact}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

let clients = 0;

function join(server: SessionServer): NotebookSession & Disposable {
  clients += 1;
  const session = new NotebookSession({
    sessionId: "session-1",
    socketUrl: server.url,
    clientId: `client-${String(clients).padStart(4, "0")}`,
  });
  return Object.assign(session, { [Symbol.dispose]: () => session.dispose() });
}

const online = (session: NotebookSession) => until(() => session.store.getState().connection === "online");
const shown = (session: NotebookSession, cellId: string) => session.cells.get(cellId)?.getState().source;
const type = (
  handle: { text: string; edit: (s: { index: number; remove: number; insert: string }[]) => void },
  insert: string,
) => handle.edit([{ index: handle.text.length, remove: 0, insert }]);

describe("NotebookSession", { timeout: 20_000 }, () => {
  it("shows a change at once and keeps it when the server has it", async () => {
    await using server = await SessionServer.start(stateOf({ a: "1" }));
    using session = join(server);
    await online(session);
    const id = session.insertCell("a", "code", "2");
    assert.deepEqual(session.store.getState().order, ["a", id]);
    assert.equal(server.state.notebook.cells.length, 1);
    await until(() => server.state.notebook.cells.length === 2);
    assert.deepEqual(session.store.getState().order, ["a", id]);
  });

  it("takes text for a cell that the server has not confirmed yet", async () => {
    await using server = await SessionServer.start(stateOf({ a: "1" }));
    using session = join(server);
    await online(session);
    const id = session.insertCell("a", "code", "pasted");
    const handle = session.texts.open(id);
    assert.equal(handle.text, "pasted");
    type(handle, " and typed");
    await until(() => server.state.notebook.cells[1]?.source === "pasted and typed");
    const left = session.insertCell(id, "code");
    const brief = session.texts.open(left);
    type(brief, "left at once");
    brief.release();
    await until(() => server.state.notebook.cells[2]?.source === "left at once");
  });

  it("[part of P7] keeps what is typed into a cell of this moment while the server's disk is slow", async () => {
    await using server = await SessionServer.start(stateOf({ a: "1" }));
    using session = join(server);
    await online(session);
    // What was sent before this comes back has been answered, and the answer taken.
    const answered = async () => {
      const clientSeq = session.submit({ type: "cancel-run", executionId: "no-such-run" });
      const told = () => session.store.getState().notices.find(({ message }) => /ended already/.test(message));
      await until(() => server.submitted.some((one) => one.clientSeq === clientSeq) && told() !== undefined);
      session.dismiss(told()!.id);
    };
    server.slow = true;
    // Somebody else is busy: each document is newer than what this page was told so far.
    let edits = 0;
    server.onOpenText = () => server.edit("a", `edit ${++edits}`);
    const id = session.insertCell("a", "code");
    type(session.texts.open(id), "typed");
    do {
      await answered();
      await answered();
    } while (server.announce());
    assert.equal(server.text(id), "typed");
    assert.equal(shown(session, id), "typed");
    assert.deepEqual(session.store.getState().notices, []);
    assert.equal(server.submitted.filter(({ op }) => op.type === "edit-source").length, 1, "no edit was refused");
  });

  it("takes back what the server refuses and says why", async () => {
    await using server = await SessionServer.start(stateOf({ a: "1", b: "2" }));
    using session = join(server);
    await online(session);
    server.deaf.add("submit");
    session.change([{ type: "delete-cell", cellId: "a" }]);
    assert.deepEqual(session.store.getState().order, ["b"]);
    server.deaf.clear();
    server.commit({ type: "delete-cell", cellId: "a" }, { id: "x", name: "X" });
    server.cut();
    await until(() => session.store.getState().notices.length > 0);
    assert.deepEqual(session.store.getState().order, ["b"]);
    assert.match(session.store.getState().notices[0]!.message, /not in the notebook/);
  });

  it("tells what was refused while the answers were lost, all of it, and repeats nothing", async () => {
    await using server = await SessionServer.start(stateOf({ a: "1", b: "2", c: "3" }));
    using session = join(server);
    await online(session);
    server.deaf.add("submit");
    session.change([{ type: "delete-cell", cellId: "a" }]);
    session.change([{ type: "move-cell", cellId: "a", after: null, index: 0 }]);
    session.change([{ type: "delete-cell", cellId: "b" }]);
    server.commit({ type: "delete-cell", cellId: "a" }, { id: "x", name: "X" });
    // Each reconnection brings one of the three to the server and loses its answer.
    server.deaf.clear();
    server.mute = true;
    server.cut();
    await until(() => server.submitted.some(({ clientSeq }) => clientSeq === 3));
    server.mute = false;
    await until(() => session.store.getState().notices.length === 2);
    await online(session);
    assert.deepEqual(session.store.getState().order, ["c"]);
    assert.equal(server.state.notebook.bin.length, 2);
  });

  it("tells over a restart of the server what was refused before, and takes the rest for done", async () => {
    await using server = await SessionServer.start(stateOf({ a: "1", b: "2" }));
    using session = join(server);
    await online(session);
    server.commit({ type: "delete-cell", cellId: "a" }, { id: "x", name: "X" });
    await until(() => session.store.getState().order.length === 1);
    server.mute = true;
    session.submit({ type: "delete-cell", cellId: "a" });
    await until(() => server.submitted.length === 1);
    session.insertCell("b", "code", "new");
    await until(() => server.state.notebook.cells.length === 2);
    server.newEpoch();
    server.mute = false;
    await until(() => session.store.getState().notices.length === 1);
    assert.match(session.store.getState().notices[0]!.message, /not in the notebook/);
    await until(() => session.store.getState().order.length === 2);
    assert.equal(server.state.notebook.cells.length, 2);
  });

  it("keeps what somebody typed into a cell that was deleted meanwhile", async () => {
    await using server = await SessionServer.start(stateOf({ a: "1", b: "2" }));
    using session = join(server);
    await online(session);
    const handle = session.texts.open("a");
    type(handle, " + 1");
    await until(() => server.text("a") === "1 + 1");
    server.cut();
    await until(() => session.store.getState().connection !== "online");
    type(handle, " + 2");
    server.commit({ type: "delete-cell", cellId: "a" }, { id: "x", name: "X" });
    await until(() => session.store.getState().notices.length > 0);
    const notice = session.store.getState().notices[0]!;
    assert.match(notice.message, /was deleted meanwhile/);
    notice.action!.run();
    await until(() => server.state.notebook.cells.at(-1)?.source === "1 + 1 + 2");
  });

  it("[9.0-shared-session] two people type in one cell and see the same text", async () => {
    await using server = await SessionServer.start(stateOf({ a: "base" }));
    using mara = join(server);
    using jon = join(server);
    await Promise.all([online(mara), online(jon)]);
    const one = mara.texts.open("a");
    const two = jon.texts.open("a");
    one.edit([{ index: 0, remove: 0, insert: "<" }]);
    type(two, ">");
    await until(() => server.text("a") === "<base>" && one.text === "<base>" && two.text === "<base>");
    // Undo takes back the own typing only.
    one.undo();
    await until(() => server.text("a") === "base>" && two.text === "base>");
    assert.equal(shown(mara, "a"), "base>");
  });

  it("keeps what is typed before the document came", async () => {
    await using server = await SessionServer.start(stateOf({ a: "x" }));
    using session = join(server);
    await online(session);
    const handle = session.texts.open("a");
    type(handle, "yz");
    assert.equal(handle.text, "xyz");
    await until(() => server.text("a") === "xyz");
  });

  it("[9.0-shared-session] what is typed without a connection arrives after it, beside what others typed", async () => {
    await using server = await SessionServer.start(stateOf({ a: "one two" }));
    using session = join(server);
    await online(session);
    const handle = session.texts.open("a");
    type(handle, " three");
    await until(() => server.text("a") === "one two three");
    server.cut();
    await until(() => session.store.getState().connection !== "online");
    type(handle, " four");
    server.edit("a", "ONE two three");
    await until(() => server.text("a") === "ONE two three four");
    assert.equal(handle.text, "ONE two three four");
  });

  it("carries unsent text over a restart of the server, once", async () => {
    await using server = await SessionServer.start(stateOf({ a: "x" }));
    using session = join(server);
    await online(session);
    const handle = session.texts.open("a");
    type(handle, "1");
    await until(() => server.text("a") === "x1");
    server.newEpoch();
    server.cut();
    await until(() => session.store.getState().connection !== "online");
    type(handle, "2");
    await until(() => server.text("a") === "x12");
    assert.equal(handle.text, "x12");
  });

  it("makes its document anew after a refused edit and loses no letter", async () => {
    await using server = await SessionServer.start(stateOf({ a: "x" }));
    using session = join(server);
    await online(session);
    const handle = session.texts.open("a");
    type(handle, "1");
    await until(() => server.text("a") === "x1");
    // The server has another document now; this client's edits name one it does not know.
    server.newEpoch();
    type(handle, "2");
    await until(() => server.text("a") === "x12");
    type(handle, "3");
    await until(() => server.text("a") === "x123");
    assert.deepEqual(session.store.getState().notices, []);
  });

  it("sends a structural change again after a lost connection, with its number, once", async () => {
    await using server = await SessionServer.start(stateOf({ a: "1" }));
    using session = join(server);
    await online(session);
    server.deaf.add("submit");
    const id = session.insertCell("a", "code", "new");
    server.cut();
    await until(() => session.store.getState().connection !== "online");
    server.deaf.clear();
    await until(() => server.state.notebook.cells.length === 2);
    await online(session);
    assert.deepEqual(session.store.getState().order, ["a", id]);
  });

  it("never sends a run again over a restart of the server, and says so", async () => {
    await using server = await SessionServer.start(stateOf({ a: "1" }));
    using session = join(server);
    await online(session);
    server.deaf.add("submit");
    await session.run(["a"]);
    assert.equal(session.cells.get("a")?.getState().state, "queued");
    server.newEpoch();
    server.cut();
    server.deaf.clear();
    await until(() => session.store.getState().notices.length > 0);
    assert.equal(session.cells.get("a")?.getState().state, "idle");
    assert.deepEqual(server.state.executions, []);
  });

  it("runs a cell with the typing that was still on its way", async () => {
    await using server = await SessionServer.start(stateOf({ a: "1" }));
    using session = join(server);
    await online(session);
    type(session.texts.open("a"), " + 1");
    await session.run(["a"]);
    await until(() => server.state.executions.length === 1);
    assert.equal(server.state.executions[0]?.code, "1 + 1");
  });

  it("refuses to run a colleague's half-typed text by accident, and offers to", async () => {
    await using server = await SessionServer.start(stateOf({ a: "safe" }));
    using session = join(server);
    await online(session);
    server.deaf.add("submit");
    await session.run(["a"]);
    server.edit("a", "rm -rf", { id: "jon", name: "Jon" });
    server.cut();
    server.deaf.clear();
    await until(() => (session.cells.get("a")?.getState().notice ?? null) !== null);
    const { notice } = session.cells.get("a")!.getState();
    assert.match(notice!.message, /Jon changed this cell/);
    assert.deepEqual(server.state.executions, []);
    notice!.action!.run();
    await until(() => server.state.executions[0]?.code === "rm -rf");
  });

  it("changes the store of the one cell that changed", async () => {
    await using server = await SessionServer.start(stateOf({ a: "1", b: "2" }));
    using session = join(server);
    await online(session);
    let others = 0;
    session.cells.get("b")!.subscribe(() => {
      others += 1;
    });
    const handle = session.texts.open("a");
    for (const letter of "hello") type(handle, letter);
    await until(() => server.text("a") === "1hello");
    assert.equal(others, 0);
  });

  it("does not come back by itself after a terminal close, and does when asked", async () => {
    await using server = await SessionServer.start(stateOf({ a: "1" }));
    using session = join(server);
    await online(session);
    server.cut(4011);
    await until(() => session.store.getState().connection === "closed");
    assert.match(session.store.getState().connectionMessage ?? "", /replaced/);
    session.reconnect();
    await online(session);
  });

  it("asks for the whole state when its own has come apart from the server's", async (t) => {
    t.mock.method(console, "error", () => undefined);
    await using server = await SessionServer.start(stateOf({ a: "1" }));
    using session = join(server);
    await online(session);
    server.broadcast({
      type: "op",
      entry: { seq: 1, at: 1, by: null, op: { type: "outputs-cleared", cellId: "missing" } },
    });
    server.commit({
      type: "insert-cell",
      cellId: "n",
      cellType: "code",
      source: "",
      metadata: {},
      after: "a",
      index: 1,
    });
    await until(() => session.store.getState().order.length === 2);
    await online(session);
  });
});
