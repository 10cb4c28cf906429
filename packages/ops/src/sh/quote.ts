/** One word for a POSIX shell that gives back exactly `value` (POSIX.1-2017, Shell Command Language 2.2.2). */
export function quotePosix(value: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

/** A command line for people to read and to paste into a shell. */
export function formatArgv(argv: readonly string[]): string {
  return argv.map(quotePosix).join(" ");
}
