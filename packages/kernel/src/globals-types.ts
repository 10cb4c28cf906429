/**
 * The types of the names that the kernel itself gives to cells. The language service reads this file, so that it knows
 * them as a running cell does; those of the helpers are in `packages/ops/src/globals-types.ts`.
 */
import type { createClearOutput, Display } from "./display/display.ts";
import type { createShow } from "./display/show.ts";
import type { createMagics } from "./magic/index.ts";
import type { Breakpoints } from "./main/breakpoints.ts";
import type { createUi } from "./ui/ui.ts";

declare global {
  /** Shows a value now, in the cell whose code calls it. */
  var display: Display;
  /** Shows a value in a form that is asked for: tables, charts, diagrams, math, pictures. */
  var show: ReturnType<typeof createShow>;
  /** Questions to the people who look at the notebook, and bars. */
  var ui: ReturnType<typeof createUi>;
  /** The notebook itself: `nb.magic` has what `%name` does, as functions. */
  var nb: {
    readonly magic: ReturnType<typeof createMagics>["magic"];
    /** Stops the program here until somebody lets it go on; meanwhile other cells run and have the `locals`. */
    readonly breakpoint: Breakpoints["stop"];
    /** Lets the program go on that stopped last, when the cell that says so has ended. */
    readonly continue: Breakpoints["continue"];
  };
  /** Takes away what the cell has shown; with `wait`, as soon as it shows something new. */
  var clearOutput: ReturnType<typeof createClearOutput>;
  /** Asks the person at the notebook. */
  var input: (text?: string, options?: { password?: boolean }) => Promise<string>;
  var prompt: typeof input;
  /** The exit status of the last `!command`. */
  var _exit: number;
  /** The text of the cells that ran, by number. */
  var In: string[];
  /** What the cells that ran gave, by number. */
  // biome-ignore lint/suspicious/noExplicitAny: only the cell that gave it knows
  var Out: any[];
  /** What the last cell gave, the one before it, and the one before that. */
  // biome-ignore lint/suspicious/noExplicitAny: only the cell that gave it knows
  var _: any, __: any, ___: any;
}
