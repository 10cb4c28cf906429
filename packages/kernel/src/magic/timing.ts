/** What `%time` says of one run; milliseconds. */
export interface Timing {
  readonly wall: number;
  readonly user: number;
  readonly system: number;
}

/** Begins to measure. The function it returns ends the measure. */
export function stopwatch(): () => Timing {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  return () => {
    const wall = Number(process.hrtime.bigint() - start) / 1e6;
    const { user, system } = process.cpuUsage(cpu);
    return { wall, user: user / 1000, system: system / 1000 };
  };
}

export function describeTiming({ wall, user, system }: Timing): string {
  return `CPU: user ${duration(user)}, system ${duration(system)}; wall: ${duration(wall)}`;
}

export interface TimeitOptions {
  /** Calls a run; without it as many as take a tenth of a second. */
  loops?: number;
  /** Runs, 7 without it. */
  runs?: number;
}

/** What `%timeit` measured; milliseconds of one call. */
export interface TimeitResult {
  readonly loops: number;
  readonly runs: number;
  readonly mean: number;
  readonly deviation: number;
  readonly best: number;
  readonly worst: number;
}

const ENOUGH = 100;
const RUNS = 7;
const MAX_LOOPS = 1e9;

/** Calls a function again and again. One that returns a promise is waited for. */
export async function timeit(call: () => unknown, { loops, runs = RUNS }: TimeitOptions = {}): Promise<TimeitResult> {
  for (const [name, value] of Object.entries({ loops, runs })) {
    if (value !== undefined && (!Number.isInteger(value) || value < 1))
      throw new RangeError(`timeit: ${name} is a whole number from 1.`);
  }
  const count = loops ?? (await enoughLoops(call));
  const each: number[] = [];
  for (let run = 0; run < runs; run++) each.push((await measure(call, count)) / count);
  const mean = each.reduce((sum, one) => sum + one, 0) / each.length;
  const deviation = Math.sqrt(each.reduce((sum, one) => sum + (one - mean) ** 2, 0) / each.length);
  const result = { loops: count, runs, mean, deviation, best: Math.min(...each), worst: Math.max(...each) };
  const text = `${duration(mean)} ± ${duration(deviation)} a loop (mean ± deviation of ${runs} runs, ${count} loops each; best ${duration(result.best)})`;
  Object.defineProperty(result, Symbol.for("opsbook.display"), { value: () => ({ "text/plain": text }) });
  return Object.freeze(result);
}

async function enoughLoops(call: () => unknown): Promise<number> {
  for (let loops = 1; ; loops *= 10) {
    if ((await measure(call, loops)) >= ENOUGH || loops >= MAX_LOOPS) return loops;
  }
}

async function measure(call: () => unknown, loops: number): Promise<number> {
  const start = process.hrtime.bigint();
  const first = call();
  if (isPromise(first)) {
    await first;
    for (let i = 1; i < loops; i++) await call();
  } else {
    for (let i = 1; i < loops; i++) call();
  }
  return Number(process.hrtime.bigint() - start) / 1e6;
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";

/** Milliseconds in the unit a person would choose. */
function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 1) return `${Number(ms.toPrecision(3))} ms`;
  if (ms >= 1e-3) return `${Number((ms * 1e3).toPrecision(3))} µs`;
  return `${Number((ms * 1e6).toPrecision(3))} ns`;
}
