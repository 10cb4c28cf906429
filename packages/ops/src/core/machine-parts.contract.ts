import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { NetError } from "../net/error.ts";
import { ProcError } from "../proc/proc.ts";
import { GuardError } from "./guard.ts";
import { type MachineUnderTest, rejection } from "./testing.ts";

/** What `proc` of every machine must do. */
export function describeProcesses(id: string, open: () => Promise<MachineUnderTest>): void {
  test(`[${id}] two of five programs are ended by their exact name, and nothing that only mentions it`, async () => {
    await using opened = await open();
    const { sh, proc } = opened.machine;
    const program = `${opened.folder}/napper`;
    await sh`ln -s ${(await sh`sh -c ${"command -v sleep"}`.text()).trim()} ${program}`;
    const script = 'for n in 1 2 3 4 5; do "$1" 600 & echo "$!"; done; echo ready; exec 1>&-; wait';
    const stop = new AbortController();
    const pids: number[] = [];
    const ready = Promise.withResolvers<void>();
    const running = (async () => {
      for await (const line of sh`sh -c ${script} napper ${program}`.signal(stop.signal).nothrow().lines()) {
        if (line === "ready") ready.resolve();
        else pids.push(Number(line));
      }
    })();
    await ready.promise;
    try {
      const named = async (name: string) => (await proc.list({ name })).map(({ pid }) => pid);
      while ((await named(program)).length < 5) {}
      const found = await proc.list({ name: program });
      assert.deepEqual(
        found.map(({ pid }) => pid),
        pids.toSorted((a, b) => a - b),
      );
      assert.deepEqual(found[0]?.argv, [program, "600"]);
      assert.deepEqual(await named("napper"), await named(program));
      const whole = (await proc.list()).filter(({ argv }) => argv.includes(program));
      assert.equal(whole.length, 6, "the shell mentions the name");
      const shell = whole.find(({ argv }) => argv[0] === "sh");
      assert.ok(shell !== undefined && found.every(({ ppid }) => ppid === shell.pid));

      const two = found.slice(0, 2);
      const refused = await rejection(proc.signal(two, "KILL", { expect: 1 }), GuardError);
      assert.match(refused.message, /2 processes match and 1 was expected/);
      assert.equal((await named(program)).length, 5);
      await proc.signal(two, "TERM", { expect: 2 });
      for (const one of two) await proc.wait(one, { timeout: "60s" });
      assert.deepEqual(
        await named(program),
        found.slice(2).map(({ pid }) => pid),
      );
      const [ended, alive] = [two[0], found[2]];
      assert.ok(ended !== undefined && alive !== undefined);
      assert.equal((await rejection(proc.signal(ended), ProcError)).code, "gone");
      const reused = { ...alive, startTicks: alive.startTicks - 1 };
      assert.equal((await rejection(proc.signal(reused, "KILL"), ProcError)).code, "gone");
      assert.equal((await named(program)).length, 3, "another process with the number of one that was listed");
      assert.equal((await rejection(proc.wait(alive, { timeout: "100ms" }), ProcError)).code, "timeout");
      assert.equal((await proc.list({ pid: shell.pid }))[0]?.argv[0], "sh");
    } finally {
      stop.abort();
      await running;
    }
  });

  test(`[${id}] what is said of a process is what the machine's own ps says`, async () => {
    await using opened = await open();
    const { sh, proc } = opened.machine;
    const [row] = proc.parsePs(await sh`ps -o pid,ppid,user:20,lstart:30,comm,args -p ${process.pid}`.text());
    const [info] = await proc.list({ pid: process.pid });
    assert.ok(row !== undefined && info !== undefined);
    assert.deepEqual([String(info.ppid), info.user], [row.PPID, row.USER]);
    assert.ok(info.memory > 1_000_000 && info.cpuSeconds > 0);
    const seconds = Number(await sh`ps -o etimes= -p ${process.pid}`.text());
    assert.ok(Math.abs(Date.now() - info.started.getTime() - seconds * 1000) < 5000);
  });
}

/** What `net` of every machine must do. */
export function describeNet(id: string, open: () => Promise<MachineUnderTest>): void {
  test(`[${id}] a connection from the machine carries everything, both ways, and says why there is none`, async () => {
    await using opened = await open();
    const { net } = opened.machine;
    const server = createServer({ allowHalfOpen: true }, (socket) => socket.on("error", () => {}).pipe(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    try {
      await using wire = await net.connect({ host: "127.0.0.1", port }, { timeout: "60s" });
      const sent = Buffer.alloc(3_000_000, "0123456789abcdef\n");
      const [received] = await Promise.all([
        wire.readExactly(sent.length),
        wire.sendAll(sent).then(() => wire.endSending()),
      ]);
      assert.ok(received.equals(sent));
      assert.equal((await wire.readAll()).length, 0);
      await using proxy = await net.proxy({ host: "127.0.0.1", port }, { chunk: 3 });
      await using through = await net.connect(`127.0.0.1:${port}`);
      await through.sendAll("hello\n");
      assert.equal(String(await through.readUntil("\n")), "hello\n");
      assert.equal(proxy.connections.accepted, 0);
    } finally {
      server.close();
    }
    const error = await rejection(net.connect({ host: "127.0.0.1", port }, { timeout: "60s" }), NetError);
    assert.equal(error.code, "refused");
  });
}
