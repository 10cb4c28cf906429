import { parentPort } from "node:worker_threads";
import { FLAG, type ToMain, type ToWorker, type WorkerInput } from "../link.ts";
import { startTime } from "../process-tree.ts";
import { readConnection } from "./connection.ts";
import { readInherited } from "./inherited-output.ts";
import { OutputPump } from "./output-pump.ts";
import { Protocol } from "./protocol.ts";
import { Sockets } from "./sockets.ts";

/** Milliseconds between two looks whether the process that this kernel shall not outlive is there. */
const PARENT_INTERVAL = 1000;

if (!parentPort) throw new TypeError("worker/main.ts runs in a worker thread.");
const port = parentPort;
// The port delivers from its first listener on, so this one stays and hands on.
const begun = Promise.withResolvers<WorkerInput>();
const waiting: ToWorker[] = [];
let take = (message: ToWorker): void => void waiting.push(message);
port.on("message", (message: ToWorker) => {
  if (message.type === "begin") begun.resolve(message.input);
  else take(message);
});
const input = await begun.promise;
const flags = new Int32Array(input.flags);

const connection = readConnection(input.connectionFile);
// A client may be waiting: what it sends while the last sockets open is answered too.
const early: Parameters<Protocol["receive"]>[] = [];
let receive: Protocol["receive"] = (...message) => void early.push(message);
const sockets = await Sockets.open(connection, (...message) => receive(...message));
const protocol: Protocol = new Protocol({
  sockets,
  history: input.history,
  secrets: connection.transport === "ipc",
  toMain: (order: ToMain) => port.postMessage(order),
  hostOpened: (open) => void Atomics.store(flags, FLAG.host, open ? 1 : 0),
  loads: () => Atomics.load(flags, FLAG.loads),
  leave: () => void leave(),
});
const pump = new OutputPump(input.ring, {
  onText: (index, name, text) => protocol.text(index, name, text),
  onReport: (report) => {
    if (report.type === "forget") pump.forget(report.index);
    protocol.take(report);
  },
});
sockets.publish("status", { execution_state: "starting" }, {});
take = (message) => {
  switch (message.type) {
    case "begin":
      return;
    case "wake":
      pump.wake();
      return;
    case "inherit":
      // What the cell printed before it comes first.
      pump.wake();
      readInherited(message, (text) => protocol.text(message.index, message.name, text));
      return;
    default:
      pump.report(message);
  }
};
for (const message of waiting) take(message);
receive = (...message) => protocol.receive(...message);
for (const message of early) receive(...message);
if (input.parentPid !== null) endWith(input.parentPid);

let leaving = false;
async function leave(): Promise<void> {
  if (leaving) return;
  leaving = true;
  await sockets.close();
  Atomics.store(flags, FLAG.closed, 1);
  Atomics.notify(flags, FLAG.closed);
  // The main thread ends the process, unless something in it does not let it.
  setTimeout(() => process.kill(process.pid, "SIGKILL"), 1000);
}

function endWith(pid: number): void {
  const born = startTime(pid);
  setInterval(() => {
    if (startTime(pid) !== born) process.kill(process.pid, "SIGKILL");
  }, PARENT_INTERVAL);
}
