import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import pino from "pino";
import { Compiler, type CompilerState } from "./compiler.ts";

const log = pino({ level: "silent" });

describe("the compiler's process", { timeout: 300_000 }, () => {
  it("is ended when it grows beyond its limit, and started anew by the next question", async () => {
    const states: CompilerState["state"][] = [];
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    const onState = ({ state }: CompilerState) => {
      states.push(state);
      if (state === "stopped") resolve();
    };
    const compiler = new Compiler({ cwd: tmpdir(), log, onState, memoryLimit: 1, watchMs: 20 });
    await compiler.start();
    const { pid, generation } = compiler;
    await stopped;
    assert.deepEqual(states, ["starting", "ready", "stopped"]);
    await compiler.start();
    assert.equal(compiler.generation, generation + 1);
    assert.notEqual(compiler.pid, pid);
    compiler.stop();
  });

  it("is given up for a while when it ends again and again", async () => {
    const seen: CompilerState[] = [];
    const waiting = new Set<() => void>();
    const onState = (state: CompilerState) => {
      seen.push(state);
      for (const wake of waiting) wake();
    };
    const until = async (enough: () => boolean) => {
      while (!enough()) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        await promise;
        waiting.delete(resolve);
      }
    };
    const compiler = new Compiler({ cwd: tmpdir(), log, onState });
    for (let ends = 1; ends <= 3; ends += 1) {
      await compiler.start();
      const before = seen.length;
      process.kill(compiler.pid!, "SIGKILL");
      await until(() => seen.length > before);
    }
    assert.match(seen.at(-1)?.state === "unavailable" ? compiler.state.state : "", /unavailable/);
    await assert.rejects(compiler.start(), /ended 3 times \(SIGKILL\)/);
    compiler.stop();
  });
});
