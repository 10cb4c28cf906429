import { GuardError } from "../core/guard.ts";

/**
 * Refuses command lines that are known to do something else than they look like.
 *
 * @throws GuardError
 */
export function guardArguments(argv: readonly string[]): void {
  const at = argv.findIndex((word) => word.split("/").at(-1) === "usermod");
  // Behind sudo and its options it is the same command; further on it would be another program's argument.
  if (at === -1 || (at > 0 && argv[0]?.split("/").at(-1) !== "sudo")) return;
  const options = argv.slice(at + 1);
  const replaces = options.some((word) => /^-[A-Za-z]*G/.test(word) || /^--groups(=|$)/.test(word));
  const appends = options.some((word) => /^-[A-FH-Za-z]*a/.test(word) || word === "--append");
  if (!replaces || appends) return;
  throw new GuardError({
    rule: "sh.usermod-groups",
    why: "usermod -G without -a takes the user out of every group that is not named",
    instead: "users.addToGroup(user, group), or usermod -aG",
  });
}
