/**
 * Versions of what is stored below `.opsbook`. Each step turns one version into the next; a reader goes through all
 * that are missing. Whoever changes a format raises its version, adds the step, and keeps files of the version before
 * in `testing/format-<n>`.
 */

type Step = (old: Record<string, unknown>) => Record<string, unknown>;

const STEPS = {
  /** 2: tells the timeline, and its log may hold whole versions and facts of checkpoints. */
  session: [(old) => ({ ...old, timeline: [] })],
  /** Version 1 had no line that says so. */
  "session log": [(old) => old],
  checkpoint: [],
} satisfies Record<string, Step[]>;
export type Format = keyof typeof STEPS;

export const versionOf = (format: Format): number => STEPS[format].length + 1;

/** Written by a newer program: it is left as it is. */
export class FormatError extends Error {
  override readonly name = "FormatError";
  readonly code = "newer-format";
}

/**
 * `value` in today's version of the format. Throws FormatError for a newer one, and TypeError where no version is told.
 * `file` is for people.
 */
export function migrate(format: Format, value: unknown, file: string): unknown {
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version !== "number" || !Number.isInteger(version) || version < 1)
    throw new TypeError(`${file} tells no version`);
  const known = versionOf(format);
  if (version > known)
    throw new FormatError(
      `${file} was written by a newer Opsbook (${format} format ${version}; this one reads up to ${known}). ` +
        "It is left untouched: start a newer Opsbook here, or move the file away to begin anew.",
    );
  const steps: Step[] = STEPS[format].slice(version - 1);
  const migrated = steps.reduce((old, step) => step(old), value as Record<string, unknown>);
  return { ...migrated, version: known };
}
