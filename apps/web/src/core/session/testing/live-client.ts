import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { SessionState, UserOperation } from "@opsbook/notebook/session";
import { randomId } from "../client-id.ts";
import { NotebookSession } from "../notebook-session.ts";

/** How long a fact may take that is sure to come, in milliseconds; a loaded machine needs some of it. */
const NEVER_MS = Number(process.env.NEVER_MS ?? 90_000);

/** Waits for a fact; fails with `what` where it never comes. */
export async function until(
  fact: () => boolean | Promise<boolean>,
  what: () => string = () => String(fact),
): Promise<void> {
  const end = performance.now() + NEVER_MS;
  while (!(await fact())) {
    assert.ok(performance.now() < end, `never came true: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A page's session without the page: the web app's own code on a real socket. */
export class LiveClient implements Disposable {
  readonly session: NotebookSession;

  constructor(sessionId: string, port: number) {
    this.session = new NotebookSession({
      sessionId,
      socketUrl: `ws://127.0.0.1:${port}/api/opsbook/sessions/${sessionId}/socket`,
      clientId: randomId(),
    });
  }

  get isOnline(): boolean {
    return this.session.store.getState().connection === "online";
  }

  get state(): SessionState {
    const { state } = this.session;
    assert.ok(state, "the session was never seen");
    return state;
  }

  get cellIds(): readonly string[] {
    return this.session.store.getState().order;
  }

  online(): Promise<void> {
    return until(
      () => this.isOnline,
      () => `online, but ${this.session.store.getState().connection}`,
    );
  }

  submit(op: UserOperation): void {
    this.session.submit(op);
  }

  /** Puts a cell at the end. */
  insert(source: string, cellType: "code" | "markdown" = "code"): string {
    return this.session.insertCell(this.cellIds.at(-1) ?? null, cellType, source);
  }

  /** A new last cell, run; its id. */
  async run(source: string): Promise<string> {
    const cellId = this.insert(source);
    await until(() => this.isOnline);
    await this.session.run([cellId]);
    return cellId;
  }

  status(cellId: string): string | undefined {
    return this.session.cells.get(cellId)?.getState().execution?.status;
  }

  ended(cellId: string): Promise<void> {
    return until(
      () => !["queued", "running", undefined].includes(this.status(cellId)),
      () => `end of ${cellId}, which is ${this.status(cellId)}`,
    );
  }

  /** The text of a cell's stream outputs as the page would show it, without a cap's gap. */
  shownText(cellId: string): string {
    const outputs = this.state.notebook.cells.find(({ id }) => id === cellId)?.outputs ?? [];
    return outputs
      .filter((output) => output.output_type === "stream")
      .map(({ id }) => this.session.outputs.stream(id).text.plainText())
      .join("");
  }

  /** Everything the page shows, in a form that is equal where two pages show the same. */
  shown(): string {
    const { notebook, executions, prompts, runtime } = this.state;
    const cells = notebook.cells.map((cell) => ({
      ...cell,
      // Half a surrogate pair is U+FFFD in a document and stays as it is in the state.
      source: this.session.cells.get(cell.id)?.getState().source.toWellFormed(),
      texts: cell.outputs.map(({ id, output_type }) =>
        output_type === "stream" ? this.session.outputs.stream(id).text.plainText() : null,
      ),
    }));
    return canonical({ cells, bin: notebook.bin, metadata: notebook.metadata, executions, prompts, runtime });
  }

  [Symbol.dispose](): void {
    this.session.dispose();
  }
}

/**
 * Waits until all clients show what somebody sees who comes now, and the file holds it. Gives what they show.
 * Fails with the difference where that never happens.
 */
export async function converged(
  clients: readonly LiveClient[],
  fresh: () => LiveClient | Promise<LiveClient>,
  what: string,
): Promise<string> {
  using newcomer = await fresh();
  await newcomer.online();
  const all = [...clients, newcomer];
  const quiet = () => !newcomer.state.executions.some(({ status }) => status === "queued" || status === "running");
  const held = (client: LiveClient) =>
    client.state.notebook.cells.every(({ outputs }) =>
      outputs.every(
        (output) =>
          output.output_type !== "stream" ||
          (output.closed && client.session.outputs.stream(output.id).held === output.bytes),
      ),
    );
  const saved = () => newcomer.session.store.getState().save?.state === "saved";
  await until(
    () => all.every((client) => client.isOnline && held(client)) && quiet() && saved() && allEqual(all),
    () =>
      [
        what,
        JSON.stringify({ quiet: quiet(), save: newcomer.session.store.getState().save }),
        ...all.map((client) => [client.isOnline, held(client), difference(client.shown(), newcomer.shown())].join(" ")),
      ].join("\n"),
  );
  return newcomer.shown();
}

/** JSON with the keys in order. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );

const allEqual = (clients: readonly LiveClient[]) => new Set(clients.map((client) => client.shown())).size === 1;

/** Around the first place where what is shown differs. */
function difference(one: string, other: string): string {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const near = (text: string) => text.slice(Math.max(0, at - 200), at + 100);
  return at === one.length && one.length === other.length ? "equal" : `${near(one)}\n    against\n${near(other)}`;
}
