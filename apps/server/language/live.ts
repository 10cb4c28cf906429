import { isActive, type SessionState } from "@opsbook/notebook/session";
import { z } from "zod";
import type { Runtime } from "../runtime/index.ts";

/** Milliseconds a kernel that does nothing else may take to look at its values. */
const ANSWER_MS = 2000;

const completeSchema = z.looseObject({
  status: z.literal("ok"),
  matches: z.array(z.string()),
  cursor_start: z.number().int().min(0),
  cursor_end: z.number().int().min(0),
});
const inspectSchema = z.looseObject({
  status: z.literal("ok"),
  found: z.boolean(),
  data: z.looseObject({ "text/plain": z.string().optional(), "text/markdown": z.string().optional() }),
});

/** What the values of a running kernel say about code. A kernel that is busy is not asked. */
export class LiveValues {
  readonly #runtime: Runtime;
  readonly #state: () => SessionState;

  constructor(runtime: Runtime, state: () => SessionState) {
    this.#runtime = runtime;
    this.#state = state;
  }

  /** Names that may go between `start` and `end`, offsets of the code. */
  async complete(
    code: string,
    offset: number,
    signal: AbortSignal,
  ): Promise<{ names: string[]; start: number; end: number }> {
    const reply = completeSchema.safeParse(
      await this.#ask("complete_request", { code, cursor_pos: codePoints(code, offset) }, signal),
    );
    if (!reply.success) return { names: [], start: offset, end: offset };
    const { matches, cursor_start, cursor_end } = reply.data;
    return { names: matches, start: utf16Offset(code, cursor_start), end: utf16Offset(code, cursor_end) };
  }

  /** Help on what stands at the offset, as Markdown; null where there is none. */
  async inspect(code: string, offset: number, signal: AbortSignal): Promise<string | null> {
    const content = { code, cursor_pos: codePoints(code, offset), detail_level: 0 };
    const reply = inspectSchema.safeParse(await this.#ask("inspect_request", content, signal));
    if (!reply.success || !reply.data.found) return null;
    const { "text/markdown": markdown, "text/plain": plain } = reply.data.data;
    return markdown ?? (plain === undefined ? null : `\`\`\`\n${plain.replace(/\u001b\[[\d;]*m/g, "")}\n\`\`\``);
  }

  async #ask(type: string, content: Record<string, string | number>, signal: AbortSignal): Promise<unknown> {
    const { runtime, executions } = this.#state();
    if (runtime.kernelId === null || runtime.status !== "idle" || executions.some(isActive)) return null;
    const kernel = this.#runtime.kernel(runtime.kernelId);
    try {
      return (await kernel?.request("shell", type, content, { timeout: ANSWER_MS, signal }))?.content ?? null;
    } catch {
      // It began to run something, or is gone; its values are an extra.
      return null;
    }
  }
}

/** Jupyter counts code points. Source: messaging specification, "cursor_pos". */
function codePoints(text: string, offset: number): number {
  return [...text.slice(0, offset)].length;
}

function utf16Offset(text: string, points: number): number {
  return [...text].slice(0, points).join("").length;
}
