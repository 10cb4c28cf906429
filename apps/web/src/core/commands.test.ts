import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import {
  type Command,
  commandsStore,
  type KeyContext,
  type KeyFocus,
  matchStroke,
  onCommandFailure,
  registerCommands,
  runCommand,
} from "./commands.ts";

const command = (id: string, keys: readonly string[], extra: Partial<Command> = {}): Command => ({
  id,
  title: id,
  group: "View",
  keys,
  run: () => undefined,
  ...extra,
});

const focus = (contexts: readonly KeyContext[], textField = false): KeyFocus => ({ contexts, textField });

function idOf(strokes: readonly string[], where: KeyFocus, commands: readonly Command[]): string | null {
  return matchStroke(strokes, where, { commands }).command?.id ?? null;
}

describe("matchStroke", () => {
  const commands = [
    command("palette", ["Mod+K"]),
    command("help", ["?"]),
    command("global-enter", ["Enter"]),
    command("new-terminal", ["Mod+Shift+`"]),
    command("edit", ["Enter"], { context: "notebook" }),
    command("delete", ["D D"], { context: "notebook" }),
    command("run", ["Shift+Enter"], { context: "notebook" }),
    command("run-in-editor", ["Shift+Enter"], { context: "cell-editor" }),
    command("leave", ["Escape"], { context: "cell-editor" }),
  ];

  it("takes the nearest context first", () => {
    assert.equal(idOf(["Enter"], focus(["notebook"]), commands), "edit");
    assert.equal(idOf(["Enter"], focus([]), commands), "global-enter");
    assert.equal(idOf(["Shift+Enter"], focus(["cell-editor", "notebook"], true), commands), "run-in-editor");
  });

  it("waits for the second stroke of a sequence", () => {
    const first = matchStroke(["D"], focus(["notebook"]), { commands });
    assert.deepEqual(first, { command: null, pending: ["D"] });
    assert.equal(idOf(["D", "D"], focus(["notebook"]), commands), "delete");
    assert.deepEqual(matchStroke(["D", "X"], focus(["notebook"]), { commands }), { command: null, pending: [] });
  });

  it("leaves text to text fields", () => {
    assert.equal(idOf(["?"], focus(["notebook"], true), commands), null);
    assert.deepEqual(matchStroke(["D"], focus(["notebook"], true), { commands }).pending, []);
    assert.equal(idOf(["Enter"], focus(["notebook"], true), commands), null, "an answer to a prompt");
    assert.equal(idOf(["Enter"], focus(["cell-editor", "notebook"], true), commands), null, "a line break");
    assert.equal(idOf(["Escape"], focus(["cell-editor", "notebook"], true), commands), "leave");
    assert.equal(idOf(["Mod+K"], focus(["cell-editor", "notebook"], true), commands), "palette");
  });

  it("leaves nearly everything to the program in a terminal", () => {
    const terminal = focus(["terminal"], true);
    assert.equal(idOf(["Mod+K"], terminal, commands), null);
    assert.equal(idOf(["Escape"], terminal, commands), null);
    assert.equal(idOf(["Mod+Shift+`"], terminal, commands), "new-terminal");
  });

  it("passes over what does not apply now", () => {
    const off = [command("off", ["Mod+S"], { context: "notebook", when: () => false }), command("on", ["Mod+S"])];
    assert.equal(idOf(["Mod+S"], focus(["notebook"]), off), "on");
  });
});

describe("the registry", () => {
  afterEach(() => {
    for (const { id } of commandsStore.getState().commands.values()) assert.fail(`${id} is left over`);
  });

  it("runs what applies and takes back exactly what was added", () => {
    const ran: string[] = [];
    const removeOld = registerCommands([command("a", [], { run: () => void ran.push("old") })]);
    const removeNew = registerCommands([command("a", [], { run: () => void ran.push("new") })]);
    removeOld();
    assert.equal(runCommand("a"), true);
    assert.deepEqual(ran, ["new"]);
    removeNew();
    assert.equal(runCommand("a"), false);
  });

  it("tells failures, thrown or rejected", async () => {
    const told: string[] = [];
    onCommandFailure((failed, error) => told.push(`${failed.id}: ${String(error)}`));
    const remove = registerCommands([
      command("throws", [], {
        run: () => {
          throw new Error("now");
        },
      }),
      command("rejects", [], { run: () => Promise.reject(new Error("later")) }),
    ]);
    runCommand("throws");
    runCommand("rejects");
    await Promise.resolve();
    await Promise.resolve();
    assert.deepEqual(told, ["throws: Error: now", "rejects: Error: later"]);
    remove();
  });
});
