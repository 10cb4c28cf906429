import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import type { UserOperation } from "@opsbook/notebook/session";
import { randomId } from "../client-id.ts";
import type { TextHandle } from "../text-docs.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { converged, LiveClient, until } from "./live-client.ts";
import { OpsbookProcess } from "./opsbook-process.ts";

/** A small generator (mulberry32, Tommy Ettinger), so that a seed names what happened. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Life {
  seed: number;
  steps: number;
}

/**
 * A random life of one notebook with two to five pages on a real server: every operation a person has, typing, cut
 * connections, killed servers, a lost log. The seed decides what is done; when it arrives is up to the machine. An odd
 * seed removes no text and loses no log, so that every character typed can be looked for.
 */
export class RandomLife {
  readonly #random: () => number;
  readonly #keepsText: boolean;
  readonly #steps: number;
  readonly #seed: number;
  #clients: LiveClient[] = [];
  #handles: Map<string, TextHandle>[] = [];
  /** Every character typed, none twice. */
  #typed: string[] = [];
  #server!: OpsbookProcess;
  #proxy!: FaultProxy;
  /** What was done lately, for a failure's message. */
  #done: string[] = [];

  constructor({ seed, steps }: Life) {
    this.#seed = seed;
    this.#random = seeded(seed);
    this.#keepsText = seed % 2 === 1;
    this.#steps = steps;
  }

  async live(): Promise<void> {
    try {
      await this.#live();
    } catch (error) {
      // What went wrong first tells more than what went wrong in cleaning up after it.
      throw error instanceof SuppressedError ? error.suppressed : error;
    }
  }

  async #live(): Promise<void> {
    await using server = await OpsbookProcess.start();
    await using proxy = await FaultProxy.start(server);
    this.#server = server;
    this.#proxy = proxy;
    const id = await server.open();
    const join = () => new LiveClient(id, proxy.port);
    try {
      this.#clients = Array.from({ length: 2 + this.#below(4) }, join);
      for (const client of this.#clients) await client.online();
      this.#handles = this.#clients.map(() => new Map());
      for (const source of ["1 + 1", "console.log('x'.repeat(5000))", ""]) this.#clients[0]!.insert(source);
      for (let step = 0; step < this.#steps; step += 1) await this.#step();
      proxy.cutBy(() => null);
      for (const client of this.#clients) {
        client.session.wake();
        await client.online();
      }
      await this.#endRuns();
      const what = `seed ${this.#seed}: ${this.#done.slice(-60).join(" ")}`;
      await converged(this.#clients, join, what);
      this.#checkFile();
    } finally {
      for (const client of this.#clients) client[Symbol.dispose]();
    }
  }

  async #step(): Promise<void> {
    const who = this.#below(this.#clients.length);
    const client = this.#clients[who]!;
    const dice = this.#below(1000);
    if (dice < 500) this.#type(who);
    else if (dice < 800) this.#operate(client);
    else if (dice < 900) await wait(this.#below(60));
    else if (dice < 960) await this.#run(client);
    else if (dice < 990) this.#cut();
    else if (dice < 996) await this.#restart();
    else this.#note("pause", await wait(300));
    await wait(this.#below(6));
  }

  #type(who: number): void {
    const client = this.#clients[who]!;
    const cellId = this.#cell(client);
    if (cellId === undefined) return;
    const handles = this.#handles[who]!;
    let handle = handles.get(cellId);
    if (!handle) {
      handle = client.session.texts.open(cellId);
      handles.set(cellId, handle);
    }
    const dice = this.#below(20);
    const at = this.#below(handle.text.length + 1);
    if (dice < 14) {
      const letter = String.fromCodePoint(0x4e00 + this.#typed.length);
      this.#typed.push(letter);
      handle.edit([{ index: at, remove: 0, insert: letter }]);
    } else if (dice < 16 && !this.#keepsText)
      handle.edit([{ index: at, remove: Math.min(3, handle.text.length - at), insert: "" }]);
    else if (dice < 17 && !this.#keepsText) handle.undo();
    else if (dice < 18 && !this.#keepsText) handle.redo();
    else {
      handle.release();
      handles.delete(cellId);
    }
  }

  #operate(client: LiveClient): void {
    const cellId = this.#cell(client) ?? "no-such-cell";
    const after = this.#below(5) === 0 ? null : (this.#cell(client) ?? null);
    const index = this.#below(6);
    const cellType = this.#pick(["code", "markdown", "raw"] as const);
    const { notebook, executions } = client.state;
    const mild: UserOperation[] = [
      { type: "insert-cell", cellId: randomId().slice(0, 8), cellType, source: "7\r\n", metadata: {}, after, index },
      // Two people may come up with the same id.
      { type: "insert-cell", cellId: `n${this.#below(6)}`, cellType, source: "", metadata: {}, after, index },
      { type: "move-cell", cellId, after, index },
      { type: "set-cell-type", cellId, cellType },
      {
        type: "set-metadata",
        cellId: this.#pick([cellId, null]),
        set: { [this.#pick(["x", "y"])]: index },
        unset: ["z"],
      },
      { type: "clear-outputs", cellIds: this.#pick([[cellId], null]) },
      { type: "cancel-run", executionId: executions.at(-1)?.id ?? "no-such-run" },
      { type: "interrupt-kernel" },
      { type: "answer-prompt", promptId: "no-such-prompt", value: "x" },
      { type: "select-kernel", kernelName: "typescript" },
    ];
    const harsh: UserOperation[] = [
      { type: "delete-cell", cellId },
      { type: "restore-cell", cellId: notebook.bin.at(-1)?.cell.id ?? "no-such-cell" },
      { type: "set-source", cellId, source: this.#pick(["", "set\r\nby a program", "one \ud83d two"]) },
      { type: "restart-kernel" },
    ];
    const op = this.#pick(this.#keepsText ? mild : [...mild, ...harsh]);
    this.#note(op.type);
    if (this.#below(4) === 0 && !this.#keepsText) {
      if (this.#below(2) === 0) client.session.undo();
      else client.session.redo();
    } else if (STRUCTURAL.has(op.type)) client.session.change([op]);
    else client.submit(op);
  }

  async #run(client: LiveClient): Promise<void> {
    const cellIds = [this.#cell(client), this.#cell(client)].filter((id) => id !== undefined);
    this.#note("run");
    // The page may be offline: then it says so and runs nothing.
    void client.session.run([...new Set(cellIds)]);
    await wait(1);
  }

  #cut(): void {
    this.#note("cut");
    const harsh = this.#below(2) === 0;
    const random = this.#random;
    this.#proxy.cutBy(() => (harsh ? { up: 400 + random() * 3000, down: 3000 + random() * 30_000 } : null));
    this.#proxy.cut();
    for (const { session } of this.#clients) session.wake();
  }

  async #restart(): Promise<void> {
    const loses = !this.#keepsText && this.#below(3) === 0;
    this.#note(loses ? "kill-and-lose-log" : "kill");
    await this.#server.kill();
    if (loses) this.#server.deleteLogs();
    await this.#server.serve();
    await this.#server.open();
    for (const { session } of this.#clients) session.wake();
  }

  /** Nothing runs any more, so that the state comes to rest. */
  async #endRuns(): Promise<void> {
    const [first] = this.#clients;
    const active = () => first!.state.executions.filter(({ status }) => status === "queued" || status === "running");
    let tries = 0;
    await until(
      async () => {
        if (tries++ % 300 === 200) first!.submit({ type: "interrupt-kernel" });
        return active().length === 0;
      },
      () => `seed ${this.#seed}: runs end, but ${JSON.stringify(active())} on ${JSON.stringify(first!.state.runtime)}`,
    );
  }

  #checkFile(): void {
    const file = this.#server.notebook();
    const cells = this.#clients[0]!.state.notebook.cells;
    const plain = ({ id, cell_type, source, metadata }: (typeof cells)[number]) => ({
      id,
      cell_type,
      source,
      metadata,
    });
    assert.ok(file, `seed ${this.#seed}: the file is a notebook`);
    assert.deepEqual(
      file.cells.map(({ id, cell_type, source, metadata }) => ({ id, cell_type, source, metadata })),
      cells.map(plain),
      `seed ${this.#seed}: the file holds what everybody shows`,
    );
    const ids = file.cells.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, `seed ${this.#seed}: ids are unique`);
    if (!this.#keepsText) return;
    const text = file.cells.map(({ source }) => source).join("");
    const wrong = this.#typed.filter((letter) => text.split(letter).length !== 2);
    assert.deepEqual(wrong, [], `seed ${this.#seed}: every character typed is there once: ${text}`);
  }

  #cell(client: LiveClient): string | undefined {
    const { cellIds } = client;
    return cellIds.length === 0 ? undefined : this.#pick(cellIds);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!;
  }

  #note(what: string, _after?: unknown): void {
    this.#done.push(what);
  }
}

/** What the page's own undo takes back. */
const STRUCTURAL = new Set<UserOperation["type"]>(["insert-cell", "delete-cell", "move-cell", "set-cell-type"]);
