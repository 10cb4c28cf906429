/** Our TypeScript kernel beside ipykernel, Deno and tslab, through one client that knows none of them (kernel-client.py). */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { type Entry, Load, MEGABYTES, MILLISECONDS, type Row, table } from "./lib/figures.ts";
import { NODE, npmPeers, type Peer, pythonPeers, pythonVersion, ROOT } from "./lib/peers.ts";

const PLAN = { rounds: 7, deep: 3, trips: 300, lines: 100_000, completions: 50 };

const resultsSchema = z.record(
  z.string(),
  z.object({
    start: z.array(z.number()).optional(),
    memory: z.array(z.number()).optional(),
    trip: z.array(z.number()).optional(),
    complete: z.array(z.number()).optional(),
    loop: z.array(z.number()).optional(),
    wait: z.array(z.number()).optional(),
    lines: z.array(z.number()).optional(),
    problems: z.record(z.string(), z.string()).default({}),
  }),
);
type Measured = z.infer<typeof resultsSchema>[string];

/** A kernel as its own kernelspec starts it. */
interface Kernel {
  name: string;
  argv: string[];
  env: Record<string, string>;
  interrupt: "signal" | "message";
  cells: Record<"one" | "lines" | "loop" | "wait" | "complete", string>;
}

const TYPESCRIPT = {
  one: "1+1",
  lines: 'for (let i = 0; i < {n}; i++) console.log("line", i)',
  loop: "while (true) {}",
  wait: "await new Promise((resolve) => setTimeout(resolve, 60000))",
  complete: "Math.",
};
const PYTHON = {
  one: "1+1",
  lines: 'for i in range({n}): print("line", i)',
  loop: "while True: pass",
  wait: "import time\ntime.sleep(60)",
  complete: '"abc".',
};

const load = new Load();
const python = await pythonPeers();
if ("skip" in python) throw new Error(python.skip);
const folder = await mkdtemp(join(tmpdir(), "opsbook-bench-"));
try {
  const { kernels, missing } = await everyKernel(python.python);
  const results = await measure(python.python, kernels);
  process.stdout.write(report(kernels, results, missing));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function everyKernel(pythonProgram: string): Promise<{ kernels: Kernel[]; missing: string[] }> {
  const missing: string[] = [];
  const ours: Kernel = {
    name: "ours",
    // As the server starts it, with the ops library and a cache of compiled code.
    argv: [
      NODE,
      "--no-force-async-hooks-checks",
      join(ROOT, "packages/kernel/src/main.mjs"),
      "--preload",
      join(ROOT, "packages/ops/src/globals.ts"),
      "{connection_file}",
    ],
    env: { NODE_COMPILE_CACHE: join(folder, "compile-cache") },
    interrupt: "message",
    cells: TYPESCRIPT,
  };
  const ipykernel: Kernel = {
    name: `ipykernel ${await pythonVersion(pythonProgram, "ipykernel")}`,
    argv: [pythonProgram, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    env: { IPYTHONDIR: join(folder, "ipython") },
    interrupt: "signal",
    cells: PYTHON,
  };
  const kernels = [ours, ipykernel];
  const { deno, tslab } = await npmPeers();
  const offer = (name: string, peer: Peer, rest: (program: string) => Pick<Kernel, "argv" | "env">) => {
    if ("missing" in peer) missing.push(`${name}: ${peer.missing}`);
    else
      kernels.push({
        name: `${name} ${peer.version}`,
        ...rest(peer.program),
        // Neither kernel.json asks for messages.
        interrupt: "signal",
        cells: TYPESCRIPT,
      });
  };
  offer("Deno", deno, (program) => ({
    argv: [program, "jupyter", "--kernel", "--conn", "{connection_file}"],
    env: { DENO_DIR: join(folder, "deno"), DENO_NO_UPDATE_CHECK: "1" },
  }));
  offer("tslab", tslab, (program) => ({
    argv: [NODE, program, "kernel", "--config-path", "{connection_file}"],
    env: {},
  }));
  return { kernels, missing };
}

async function measure(program: string, kernels: readonly Kernel[]): Promise<z.infer<typeof resultsSchema>> {
  const watched = process.stderr.isTTY;
  const client = spawn(program, [join(import.meta.dirname, "kernel-client.py")], {
    stdio: ["pipe", "pipe", watched ? "inherit" : "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => client.once("close", resolve));
  client.stdin?.end(JSON.stringify({ ...PLAN, kernels }));
  const [answer, said, code] = await Promise.all([
    text(client.stdout!),
    client.stderr ? text(client.stderr) : "",
    ended,
  ]);
  if (code !== 0) throw new Error(`kernel-client.py ended with ${code}:\n${said}`);
  return resultsSchema.parse(JSON.parse(answer));
}

function report(
  kernels: readonly Kernel[],
  results: z.infer<typeof resultsSchema>,
  missing: readonly string[],
): string {
  const of = (key: Exclude<keyof Measured, "problems">): Entry[] =>
    kernels.map(({ name }) => {
      const measured = results[name];
      const problem = measured?.problems[key] ?? measured?.problems.start;
      return measured?.[key] ?? (problem === undefined ? undefined : { missing: problem });
    });
  const rows: Row[] = [
    { what: "process start → first result", unit: MILLISECONDS, of: of("start") },
    { what: "`1+1`, p50", unit: MILLISECONDS, share: 0.5, of: of("trip") },
    { what: "`1+1`, p95", unit: MILLISECONDS, share: 0.95, of: of("trip") },
    { what: "100,000 lines printed", unit: MILLISECONDS, of: of("lines") },
    { what: "completion of a member, p50", unit: MILLISECONDS, share: 0.5, of: of("complete") },
    { what: "completion of a member, p95", unit: MILLISECONDS, share: 0.95, of: of("complete") },
    { what: "interrupt of a tight loop", unit: MILLISECONDS, of: of("loop") },
    { what: "interrupt of a wait", unit: MILLISECONDS, of: of("wait") },
    { what: "memory when idle (PSS)", unit: MEGABYTES, of: of("memory") },
  ];
  const names = kernels.map(({ name }) => name);
  const method = `Each kernel as its own kernelspec starts it, over TCP. Median (min – max) of ${PLAN.rounds} starts, and of ${PLAN.deep} for lines and interrupts; ${PLAN.trips} × \`1+1\` and ${PLAN.completions} completions in each of ${PLAN.deep} processes. A trip ends when result, reply and idle are there, the lines when all of them are, too. Kernels took turns; ${load}.`;
  const absent = missing.map((each) => `Not measured: ${each}.`);
  return `${[method, table(names, rows), ...absent].join("\n\n")}\n`;
}
