import { parseLine } from "./arguments.ts";
import { definitions } from "./definitions.ts";
import { helpBundle, helpOn } from "./help.ts";
import type { MagicHost } from "./host.ts";
import { Magics } from "./magics.ts";
import { type Lines, setExit, shell, shellLines } from "./shell.ts";
import { stopwatch, type TimeitOptions, type Timing } from "./timing.ts";

type Pieces = readonly string[];

/** What expanded cells call, see expand.ts. */
export interface MagicCalls {
  line(name: string, pieces: Pieces, ...values: unknown[]): unknown;
  cell(name: string, body: string, pieces: Pieces, ...values: unknown[]): unknown;
  shell(pieces: Pieces, ...values: unknown[]): Promise<void>;
  lines(pieces: Pieces, ...values: unknown[]): Promise<Lines>;
  time<T>(options: string, call: () => T): Promise<Awaited<T>>;
  timeit(options: string, call: () => unknown): Promise<unknown>;
  begin(): void;
  end(): void;
  around(name: string, pieces: Pieces, ...values: unknown[]): void;
  help(chain: string, withSource: boolean): Promise<void>;
}

/** Everything behind `%`, `!` and `?`, made when a cell uses it for the first time. */
export function createMagics(host: MagicHost): { magic: Magics; calls: MagicCalls } {
  const magic = new Magics(host, definitions);
  const watches: (() => Timing)[] = [];
  const calls: MagicCalls = {
    line(name, pieces, ...values) {
      // A command's values must not become text before they are arguments.
      if (name === "bg" && !/^\s*(?:--(?:stop|output)\b.*)?$/s.test(pieces.join("$")))
        return magic.bg(pieces, ...values);
      return magic.registry.line(name)(parseLine(pieces, values));
    },
    cell: (name, body, pieces, ...values) => magic.registry.cell(name)(parseLine(pieces, values), body),
    async shell(pieces, ...values) {
      setExit(await shell(pieces, values));
    },
    async lines(pieces, ...values) {
      const lines = await shellLines(pieces, values);
      setExit(lines.exit);
      return lines;
    },
    time: (_options, call) => magic.time(call),
    timeit: (options, call) => magic.timeit(call, timeitOptions(options)),
    begin: () => void watches.push(stopwatch()),
    end: () => {
      const stop = watches.pop();
      if (stop) magic.report(stop());
    },
    around(name, pieces, ...values) {
      const execution = host.execution();
      const { words } = parseLine(pieces, values);
      if (name === "time") {
        const stop = stopwatch();
        execution.finish.push(() => magic.report(stop()));
        return;
      }
      const captured = host.capture(execution);
      execution.finish.push(async () => {
        const output = captured.end();
        if (words[0] !== undefined) await host.assign(words[0], output);
      });
    },
    async help(chain, withSource) {
      const bundle = chain.startsWith("%")
        ? magicHelp(magic, chain.slice(1))
        : helpBundle(await helpOn(host, chain), withSource);
      // Other front ends have a pager for this.
      if (host.ours()) host.display.raw({ data: bundle, metadata: {} });
      else host.payload({ source: "page", data: bundle, start: 0 });
    },
  };
  return { magic, calls };
}

function magicHelp(magic: Magics, name: string): Record<string, string> {
  const found = magic.lsmagic().find((one) => one.magic.split(" ").some((shown) => shown.replace(/^%+/, "") === name));
  if (!found) throw new ReferenceError(`There is no magic %${name}. %lsmagic lists them all.`);
  return { "text/plain": `${found.magic} ${found.usage}\n${found.summary}` };
}

function timeitOptions(text: string): TimeitOptions {
  const option = (letter: string): number | undefined => {
    const found = new RegExp(String.raw`-${letter}\s*(\d+)`).exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const loops = option("n");
  const runs = option("r");
  return { ...(loops === undefined ? {} : { loops }), ...(runs === undefined ? {} : { runs }) };
}
