/** A server reduced to its runtime, in a process of its own, so that tests can kill it. Orders come over IPC. */
import pino from "pino";
import { z } from "zod";
import { Runtime } from "../index.ts";

const orderSchema = z.discriminatedUnion("do", [
  z.object({ do: z.literal("terminal"), input: z.string() }),
  z.object({ do: z.literal("kernel"), spec: z.string(), code: z.string(), acknowledge: z.int() }),
]);

const [root = "", stateDir = "", runtimeDir = ""] = process.argv.slice(2);
const runtime = await Runtime.start({ root, stateDir, runtimeDir, log: pino({ level: "silent" }) });

process.on("message", (message) => {
  const order = orderSchema.parse(message);
  void (order.do === "terminal" ? terminal(order.input) : kernel(order));
});
process.send?.({ told: "ready" });

async function terminal(input: string): Promise<void> {
  const { name } = await runtime.terminals.create({ cwd: root, cols: 80, rows: 24 });
  const handle = runtime.terminals.attach(name, {
    fromOffset: 0,
    onData: (offset, data) => process.send?.({ told: "data", name, offset, data: data.toString("base64") }),
    onExit: () => process.send?.({ told: "exit" }),
  });
  handle.write(input);
}

/** Acknowledges as a session does, up to a number, and reports every event it was given. */
async function kernel(order: { spec: string; code: string; acknowledge: number }): Promise<void> {
  const kernel = await runtime.startKernel({ spec: order.spec, cwd: ".", label: "test" });
  kernel.subscribe(0, (event) => {
    if (event.kseq <= order.acknowledge) kernel.acknowledge(event.kseq);
    const text = event.type === "message" ? event.message.content.text : undefined;
    process.send?.({ told: "event", id: kernel.id, kseq: event.kseq, text: typeof text === "string" ? text : "" });
  });
  await kernel.execute({
    executionId: "counting",
    code: order.code,
    storeHistory: true,
    stopOnError: true,
    allowStdin: false,
  });
}
