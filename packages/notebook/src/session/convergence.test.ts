import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Random } from "../testing/random.ts";
import type { UserOperation } from "./operations.ts";
import { sourceHash } from "./source-hash.ts";
import type { SessionState } from "./state.ts";
import { cell, stateOf, stream } from "./testing/fixtures.ts";
import { ModelClient } from "./testing/model-client.ts";
import { ModelServer } from "./testing/model-server.ts";

const CLIENTS = 4;
const STEPS = 700;
const FIRST_SEED = Number(process.env.SEED ?? 1);
const SEEDS = Number(process.env.SEEDS ?? (process.env.SEED ? 1 : 40));

/** One random life of a session. With `keepsText` nobody removes text, so that what was typed can be looked for. */
class World {
  readonly server = new ModelServer(stateOf([cell("a", "one"), cell("b", "two"), cell("c", "")]));
  readonly clients = Array.from({ length: CLIENTS }, (_, at) => new ModelClient(this.server, `tab-000${at}`));
  /** Every character typed, with its cell. */
  readonly typed = new Map<string, string>();
  readonly #random: Random;
  readonly #keepsText: boolean;
  #ids = 0;

  constructor(seed: number, keepsText: boolean) {
    this.#random = new Random(seed);
    this.#keepsText = keepsText;
  }

  step(): void {
    const client = this.#random.pick(this.clients);
    const action = this.#random.below(1000);
    if (action < 220) client.deliverToServer();
    else if (action < 500) for (let frames = this.#random.below(8); frames >= 0; frames--) client.deliverToClient();
    else if (action < 820) this.#text(client);
    else if (action < 900) this.#operate(client);
    else if (action < 945) this.#fact();
    else if (action < 955) client.cut();
    else if (action < 998) this.#connect(client);
    else this.#restart();
  }

  /** Everybody comes back, sends what is left and hears of everything. */
  settle(): void {
    for (const client of this.clients) this.#connect(client);
    for (let quiet = false; !quiet; ) {
      quiet = true;
      for (const client of this.clients) {
        for (const cellId of client.texts.keys()) client.flush(cellId);
        while (client.toServer.length > 0 || client.toClient.length > 0) {
          quiet = false;
          client.deliverToServer();
          client.deliverToClient();
        }
      }
    }
  }

  #connect(client: ModelClient): void {
    if (!client.online) client.connect(this.#random.chance(30));
  }

  #restart(): void {
    for (const client of this.clients) client.cut();
    this.server.restart();
  }

  #text(client: ModelClient): void {
    const cellId = this.#cellOf(client.visible);
    const text = client.texts.get(cellId);
    if (!text) {
      client.openText(cellId);
      return;
    }
    const length = text.shared.length;
    const action = this.#random.below(10);
    if (action < 6) {
      const letter = String.fromCharCode(0x4e00 + this.typed.size);
      this.typed.set(letter, cellId);
      client.type(cellId, this.#random.below(length + 1), letter);
    } else if (action < 7 && !this.#keepsText && length > 0) text.shared.delete(this.#random.below(length), 1);
    else if (action < 9) client.flush(cellId);
    else if (!client.unsent.has(cellId)) client.closeText(cellId);
  }

  #operate(client: ModelClient): void {
    const state = client.visible;
    if (state) client.submit(this.#operation(state));
  }

  #operation(state: SessionState): UserOperation {
    const random = this.#random;
    const cellId = this.#cellOf(state);
    const after = random.chance(20) ? null : this.#cellOf(state);
    const index = random.below(6);
    const cellType = random.pick(["code", "markdown", "raw"] as const);
    const binned = state.notebook.bin.at(-1)?.cell.id ?? "nothing";
    const executionId = state.executions.length > 0 ? random.pick(state.executions).id : "run-none-at-all";
    const mild: UserOperation[] = [
      { type: "insert-cell", cellId: `n${++this.#ids}`, cellType, source: "new\r\n", metadata: {}, after, index },
      // Two people may come up with the same id.
      { type: "insert-cell", cellId: `n${random.below(9)}`, cellType, source: "", metadata: {}, after, index },
      { type: "move-cell", cellId, after, index },
      { type: "set-cell-type", cellId, cellType },
      {
        type: "set-metadata",
        cellId: random.pick([cellId, null]),
        set: { [random.pick(["x", "y"])]: index },
        unset: ["z"],
      },
      { type: "clear-outputs", cellIds: random.pick([[cellId], null]) },
      { type: "run-cells", runs: this.#runs(state) },
      { type: "cancel-run", executionId },
    ];
    const harsh: UserOperation[] = [
      { type: "delete-cell", cellId },
      { type: "restore-cell", cellId: binned },
      { type: "set-source", cellId, source: random.pick(["", "set\r\nby a program", "one \ud83d two"]) },
    ];
    return random.pick(this.#keepsText ? mild : [...mild, ...harsh]);
  }

  #runs(state: SessionState) {
    const cells = state.notebook.cells.filter(() => this.#random.chance(50)).slice(0, 3);
    const chosen = cells.length > 0 ? cells : [state.notebook.cells[0] ?? cell("gone")];
    return chosen.map(({ id, source }) => ({
      executionId: `run-xx-${++this.#ids}`,
      cellId: id,
      sourceHash: sourceHash(source),
    }));
  }

  #fact(): void {
    const { executions } = this.server.state;
    if (executions.length === 0) return;
    const { id: executionId, cellId } = this.#random.pick(executions);
    const output = stream(`out-xx-${++this.#ids}`, executionId);
    const status = this.#random.pick(["ok", "error", "interrupted", "not-run"] as const);
    this.server.announce(
      this.#random.pick([
        { type: "execution-started", executionId, executionCount: this.#ids },
        { type: "output-opened", cellId, output },
        { type: "outputs-cleared", cellId },
        { type: "execution-finished", executionId, status, executionCount: this.#ids },
      ]),
    );
  }

  #cellOf(state: SessionState | null): string {
    const cells = state?.notebook.cells ?? [];
    return cells.length > 0 ? this.#random.pick(cells).id : "a";
  }
}

function assertConverged({ server, clients }: World): void {
  assert.deepEqual(server.replay(), server.state, "the log says the same as the state");
  assert.deepEqual(JSON.parse(JSON.stringify(server.state)), server.state, "the state is plain JSON");
  const { cells } = server.state.notebook;
  const outputs = cells.flatMap((one) => one.outputs);
  const { executions } = server.state;
  for (const ids of [cells, outputs, executions].map((list) => list.map(({ id }) => id)))
    assert.equal(new Set(ids).size, ids.length, `ids are unique: ${ids.join(" ")}`);
  for (const { cell_type, outputs: shown, source } of cells) {
    assert.ok(cell_type === "code" || shown.length === 0, "only code cells have outputs");
    assert.ok(!source.includes("\r"), "line ends are LF");
  }
  for (const client of clients) {
    assert.deepEqual(client.pending, [], `${client.id} has an answer to everything`);
    assert.deepEqual(client.confirmed, server.state, `${client.id} sees what the server has`);
    for (const [cellId, { text }] of client.texts) {
      const source = cells.find(({ id }) => id === cellId)?.source;
      assert.equal(text, source?.toWellFormed(), `${client.id}: the text of ${cellId}`);
    }
  }
}

/** What the run came upon, so that a test which no longer meets anything is noticed. */
const met = { edits: 0, restarts: 0, deletions: 0, runs: 0, texts: 0 };

function live(seed: number, keepsText: boolean): World {
  const world = new World(seed, keepsText);
  try {
    for (let step = 0; step < STEPS; step++) world.step();
    world.settle();
    assertConverged(world);
  } catch (error) {
    throw new Error(`seed ${seed}, keepsText ${keepsText} (SEED=${seed} runs it alone)`, { cause: error });
  }
  met.edits += world.server.log.filter(({ op }) => op.type === "edit-source").length;
  met.deletions += world.server.log.filter(({ op }) => op.type === "delete-cell").length;
  met.runs += world.server.log.filter(({ op }) => op.type === "execution-finished").length;
  met.restarts += world.server.epoch - 1;
  met.texts += world.clients.reduce((sum, { texts }) => sum + texts.size, 0);
  return world;
}

describe("four people, one server, cuts, resends, restarts, open texts", () => {
  test("[P7] [X15] [W13] all end with the same notebook, whatever they did", () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) live(seed, false);
  });

  test("[P7] [X16] every character typed is there once, and no other", () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const { server, typed } = live(seed, true);
      for (const [letter, cellId] of typed) {
        const holders = server.state.notebook.cells.filter(({ source }) => source.includes(letter));
        const count = holders.map(({ source }) => source.split(letter).length - 1);
        assert.deepEqual([holders.map(({ id }) => id), count], [[cellId], [1]], `seed ${seed}: ${letter}`);
      }
    }
  });

  test("[P7] the lives above were worth living", () => {
    for (const [what, times] of Object.entries(met)) assert.ok(times > (SEEDS > 1 ? 20 : -1), `${what}: ${times}`);
  });
});

test("[X15] four documents of one text, edited without order, end the same", () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    const random = new Random(seed);
    const server = new ModelServer(stateOf([cell("a", "start \ud83d\ude00")]));
    const clients = Array.from({ length: CLIENTS }, (_, at) => new ModelClient(server, `tab-000${at}`));
    const deliver = () => {
      for (const client of clients) {
        while (client.toServer.length > 0) client.deliverToServer();
        while (client.toClient.length > 0) client.deliverToClient();
      }
    };
    for (const client of clients) client.connect(true);
    deliver();
    for (const client of clients) client.openText("a");
    deliver();
    for (let step = 0; step < 200; step++) {
      const client = random.pick(clients);
      const shared = client.texts.get("a")!.shared;
      const at = random.below(shared.length + 1);
      if (random.chance(60)) shared.insert(at, random.pick(["x", "\n", "\ud83d\ude01", "word "]));
      else if (at < shared.length) shared.delete(at, Math.min(1 + random.below(4), shared.length - at));
      if (random.chance(30)) client.flush("a");
      if (random.chance(30)) client.deliverToServer();
      if (random.chance(30)) client.deliverToClient();
    }
    for (const client of clients) client.flush("a");
    deliver();
    deliver();
    const source = server.state.notebook.cells[0]?.source;
    const texts = clients.map((client) => client.texts.get("a")?.text);
    assert.deepEqual(texts, Array(CLIENTS).fill(source), `seed ${seed}`);
  }
});
