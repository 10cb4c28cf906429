import { z } from "zod";
import { param } from "./answers.ts";
import { parsePath } from "./contents/root.ts";
import { HttpError } from "./errors.ts";
import type { Call, Services } from "./services.ts";

export const sizeSchema = { cols: z.number().int().min(1).max(1000), rows: z.number().int().min(1).max(1000) };
const createSchema = z.object({
  cols: sizeSchema.cols.default(80),
  rows: sizeSchema.rows.default(24),
  /** Relative to the served folder. */
  cwd: z.string().max(4096).default(""),
});

export function terminalHandlers(services: Services) {
  const { runtime, contents } = services;
  /** A shell that ended stays with the keeper for its scrollback; Jupyter's clients know only living ones. */
  const living = () => runtime.terminals.list().filter(({ exited }) => exited === null);
  const terminalOf = (name: string) => {
    const terminal = living().find((one) => one.name === name);
    if (!terminal) throw new HttpError("not-found", `Terminal not found: ${name}`);
    return terminal;
  };
  const model = (name: string) => ({ name, last_activity: new Date().toISOString() });

  return {
    list({ res }: Call) {
      res.json(living().map(({ name }) => model(name)));
    },

    read({ req, res }: Call) {
      res.json(model(terminalOf(param(req, "name")).name));
    },

    async create({ res, body }: Call) {
      const { cols, rows, cwd } = createSchema.parse(body ?? {});
      const terminal = await runtime.terminals.create({ cols, rows, cwd: await contents.realFolder(parsePath(cwd)) });
      res.status(201).json(model(terminal.name));
    },

    async remove({ req, res }: Call) {
      await runtime.terminals.kill(terminalOf(param(req, "name")).name);
      res.status(204).end();
    },
  };
}
