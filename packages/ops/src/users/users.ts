import { displaySymbol, type MimeBundle, type TableField, tableBundle } from "../core/display.ts";
import { OpsError } from "../core/errors.ts";
import type { CallOptions } from "../core/options.ts";
import type { Files } from "../files/files.ts";
import type { Sh } from "../sh/sh.ts";

export interface User {
  readonly name: string;
  readonly uid: number;
  /** The primary group's. */
  readonly gid: number;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
  /** Names of all groups, the primary one first. */
  readonly groups: readonly string[];
}

export interface GroupChange {
  readonly user: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export type UsersErrorCode = "unknown-user" | "unknown-group" | "refused";

/**
 * An account that could not be read or changed.
 *
 * @example
 * await users
 *   .addToGroup("nobody-of-this-name", "adm")
 *   .catch((error: unknown) => error instanceof UsersError && error.code); // "unknown-user"
 */
export class UsersError extends OpsError<UsersErrorCode> {
  readonly code: UsersErrorCode;

  constructor(code: UsersErrorCode, message: string, cause?: unknown) {
    super(message, cause);
    this.code = code;
  }
}

export interface UsersOptions extends CallOptions {
  /** A folder with an `etc` of its own, such as an image's root, instead of the machine's. Needs root. */
  readonly root?: string;
}

/** Accounts of one machine's own files; those of a directory service are not listed. */
export interface Users {
  /**
   * Accounts with their groups, shown as a table.
   * @example
   * const people = (await users.list()).filter(({ uid, shell }) => uid >= 1000 && !shell.endsWith("nologin"));
   */
  list(options?: UsersOptions): Promise<readonly User[]>;
  /**
   * Adds someone to one more group; every other membership stays. Does nothing for a member.
   * @throws UsersError `unknown-user`, `unknown-group`, `refused` with what the system said.
   * @example
   * const { before, after } = await users.addToGroup("ann", "docker", { root: "/srv/images/web1" });
   */
  addToGroup(user: string, group: string, options?: UsersOptions): Promise<GroupChange>;
}

/** A name as shadow-utils takes it, which keeps it from being an option. */
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*\$?$/;

/** `users` of the machine whose files and programs are given. */
export function createUsers({ files, sh }: { readonly files: Files; readonly sh: Sh }): Users {
  const list = async ({ root = "", ...limits }: UsersOptions = {}) => {
    const [passwd, group] = await Promise.all([
      files.text(`${root}/etc/passwd`, limits),
      files.text(`${root}/etc/group`, limits),
    ]);
    return parseUsers(passwd, group);
  };
  const groupsOf = async (user: string, options: UsersOptions) => {
    const found = (await list(options)).find(({ name }) => name === user);
    if (found === undefined) throw new UsersError("unknown-user", `there is no user ${JSON.stringify(user)}`);
    return found.groups;
  };
  return Object.freeze({
    list: async (options: UsersOptions = {}) => withTable(await list(options)),
    addToGroup: async (user: string, group: string, options: UsersOptions = {}) => {
      if (!NAME.test(group)) throw new UsersError("unknown-group", `${JSON.stringify(group)} is no name of a group`);
      const before = await groupsOf(user, options);
      if (before.includes(group)) return Object.freeze({ user, before, after: before });
      const root = options.root === undefined ? [] : ["--root", options.root];
      const command = sh`usermod ${root} --append --groups ${group} ${user}`.nothrow();
      const { code, stderr } = await (options.signal === undefined ? command : command.signal(options.signal));
      // Source: usermod(8), "Exit values".
      if (code === 6) throw new UsersError("unknown-group", `there is no group ${group}`);
      if (code !== 0) throw new UsersError("refused", `usermod (${code ?? "not started"}): ${stderr.trim()}`);
      return Object.freeze({ user, before, after: await groupsOf(user, options) });
    },
  });
}

/** Source: passwd(5), group(5). */
function parseUsers(passwd: string, group: string): User[] {
  const groups = group
    .split("\n")
    .map((line) => line.split(":"))
    .filter((fields) => fields.length >= 4)
    .map(([name = "", , gid, members = ""]) => ({ name, gid: Number(gid), members: members.split(",") }));
  return passwd
    .split("\n")
    .map((line) => line.split(":"))
    .filter((fields) => fields.length >= 7)
    .map(([name = "", , uid, gid, comment = "", home = "", shell = ""]) => {
      const primary = groups.find((one) => one.gid === Number(gid))?.name;
      const others = groups.filter((one) => one.members.includes(name) && one.name !== primary).map((one) => one.name);
      return Object.freeze({
        name,
        uid: Number(uid),
        gid: Number(gid),
        comment,
        home,
        shell,
        groups: primary === undefined ? others : [primary, ...others],
      });
    });
}

const FIELDS: readonly TableField[] = [
  { name: "name", type: "string" },
  { name: "uid", type: "integer" },
  { name: "home", type: "string" },
  { name: "shell", type: "string" },
  { name: "groups", type: "string" },
];

function withTable(users: readonly User[]): readonly User[] {
  const bundle = (): MimeBundle =>
    tableBundle(
      FIELDS,
      users.map(({ name, uid, home, shell, groups }) => ({ name, uid, home, shell, groups: groups.join(", ") })),
    );
  return Object.defineProperty([...users], displaySymbol, { value: bundle });
}
