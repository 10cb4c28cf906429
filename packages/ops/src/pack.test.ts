import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtempDisposable, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");

/** As it stands in a cell: no import, types, `await` and `using` at the top. */
const CELL = `
interface Row { readonly n: number }
const rows: Row[] = (await sh\`seq 3\`.lines()).map((line) => ({ n: Number(line) }));
await using note = await files.temp({ content: JSON.stringify(rows) });
const [length] = bytes.unpack(">I", bytes.pack(">I", (await files.stat(note)).size));
const outcomes = await all(rows, async ({ n }) => n * 2, { concurrency: 2 });
const self = await proc.list({ pid: process.pid });
console.log(JSON.stringify({ length, doubled: outcomes.unwrap(), name: path(note).suffix, self: self.length }));
console.log(String(new Secret("hunter22222", "pin")), local.name, typeof ssh.connect, typeof http.get);
`;

test("a cell's code is a program of its own with the packed library", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "opsbook-packed-"));
  const packed = await run(process.execPath, [join(root, "scripts/pack-ops.mjs"), folder.path]);
  const modules = join(folder.path, "node_modules");
  await mkdir(join(modules, "@opsbook/ops"), { recursive: true });
  const tarball = packed.stdout.trim();
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(modules, "@opsbook/ops")]);
  const listed = (await run("tar", ["-tzf", tarball])).stdout;
  assert.doesNotMatch(listed, /test|contract|src\//);
  for (const name of ["ssh2", "undici"]) await symlink(join(root, "node_modules", name), join(modules, name));
  await writeFile(join(folder.path, "fix.mts"), CELL);
  const { stdout } = await run(process.execPath, ["--import", "@opsbook/ops/register", "fix.mts"], {
    cwd: folder.path,
  });
  assert.deepEqual(stdout.trim().split("\n"), [
    '{"length":25,"doubled":[2,4,6],"name":"","self":1}',
    "Secret(pin) local function function",
  ]);
  const typed =
    'import { files, sh } from "@opsbook/ops";\nexport const lines: string[] = await sh`ls`.lines();\nvoid files;\n';
  await writeFile(join(folder.path, "typed.mts"), typed);
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const types = ["--typeRoots", join(root, "node_modules/@types"), "--types", "node"];
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--skipLibCheck", ...types];
  await run(process.execPath, [tsc, ...options, "typed.mts"], { cwd: folder.path }).catch((error: { stdout: string }) =>
    assert.fail(error.stdout),
  );
});
