import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { GuardError } from "../core/guard.ts";
import { rejection } from "../core/testing.ts";
import { sh } from "../sh/index.ts";
import { UsersError, users } from "./index.ts";

const PASSWD = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000:Ann,,,:/home/ann:/bin/bash\n";
const GROUP = "root:x:0:\nann:x:1000:\nadm:x:4:ann,root\nsudo:x:27:ann\ndocker:x:998:\n";
const SHADOW = "root:*:19000:0:99999:7:::\nann:*:19000:0:99999:7:::\n";

/** The root of another system, as far as shadow-utils look at it. */
async function image(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtempDisposable(join(tmpdir(), "opsbook-users-"));
  await mkdir(join(folder.path, "etc"));
  await writeFile(join(folder.path, "etc/passwd"), PASSWD);
  await writeFile(join(folder.path, "etc/group"), GROUP);
  await writeFile(join(folder.path, "etc/shadow"), SHADOW, { mode: 0o640 });
  return { path: folder.path, [Symbol.asyncDispose]: () => folder.remove() };
}

const options = { skip: process.getuid?.() === 0 ? false : "usermod --root needs root" };

describe("users", () => {
  test("[4.2-usermod] a user in three groups ends in four", options, async () => {
    await using root = await image();
    const change = await users.addToGroup("ann", "docker", { root: root.path });
    assert.deepEqual(change, {
      user: "ann",
      before: ["ann", "adm", "sudo"],
      after: ["ann", "adm", "sudo", "docker"],
    });
    assert.match(await readFile(join(root.path, "etc/group"), "utf8"), /^adm:x:4:ann,root$/m);
    const again = await users.addToGroup("ann", "docker", { root: root.path });
    assert.deepEqual(again.before, again.after);
  });

  test("[4.2-usermod] who or what is not there is named, and nothing is changed", options, async () => {
    await using root = await image();
    const code = async (user: string, group: string) =>
      (await rejection(users.addToGroup(user, group, { root: root.path }), UsersError)).code;
    assert.equal(await code("bob", "docker"), "unknown-user");
    assert.equal(await code("ann", "wheel"), "unknown-group");
    assert.equal(await code("ann", "--help"), "unknown-group");
    assert.equal(await readFile(join(root.path, "etc/group"), "utf8"), GROUP);
  });

  test("[4.2-usermod] the command that would replace all groups is refused, with what to do", () => {
    for (const command of [
      () => sh`usermod -G docker ann`,
      () => sh`/usr/sbin/usermod --groups docker ann`,
      () => sh`sudo usermod -Gdocker ann`,
      () => sh`sudo -u root usermod --groups=docker ann`,
    ]) {
      assert.throws(command, (error: unknown) => {
        assert.ok(error instanceof GuardError);
        assert.match(error.message, /users\.addToGroup/);
        return true;
      });
    }
    for (const fine of [() => sh`usermod -aG docker ann`, () => sh`usermod --append --groups docker ann`]) fine();
    sh`usermod -s /bin/sh ann`;
  });

  test("accounts of this machine are what id says, and show as a table", async () => {
    const list = await users.list();
    const root = list.find(({ name }) => name === "root");
    assert.deepEqual([root?.uid, root?.gid, root?.home], [0, 0, "/root"]);
    const groups = (await sh`id -Gn root`.text()).trim().split(" ");
    assert.deepEqual(root?.groups.toSorted(), groups.toSorted());
  });
});
