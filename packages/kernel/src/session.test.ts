import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { LiveKernel, type LiveOptions } from "./testing/live-kernel.ts";

/** A kernel that leaves its folder for the next one. */
function start(folder: string, options: LiveOptions = {}): Promise<LiveKernel> {
  return LiveKernel.start({ folder, ...options });
}

async function json(kernel: LiveKernel, code: string): Promise<unknown> {
  const run = await kernel.run(`JSON.stringify(${code})`);
  assert.equal(run.reply.status, "ok", `${code}: ${run.errors[0]?.evalue}`);
  const text = String(run.result?.["text/plain"]);
  return JSON.parse(String(new Function(`return ${text}`)()));
}

describe("[part of 3.1-history] what was typed outlives the kernel", () => {
  const history = async (kernel: LiveKernel, content: object): Promise<unknown[]> => {
    const reply = await kernel.request("history_request", { raw: true, output: false, ...content });
    assert.ok(Array.isArray(reply.history));
    return reply.history;
  };

  test("history_request and %history reach earlier sessions", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "kernel-session-"));
    {
      await using first = await start(folder.path, { args: ["--history"] });
      await first.run("const a = 1");
      await first.run(" const hiddenBySpace = 1");
      await first.run("const b =\n  2");
    }
    await using second = await start(folder.path, { args: ["--history"] });
    await second.run("const c = 3");
    assert.deepEqual(await history(second, { hist_access_type: "tail", n: 10 }), [
      [1, 1, "const a = 1"],
      [1, 3, "const b =\n  2"],
      [0, 1, "const c = 3"],
    ]);
    assert.deepEqual(await history(second, { hist_access_type: "tail", n: 1 }), [[0, 1, "const c = 3"]]);
    assert.deepEqual(await history(second, { hist_access_type: "range", session: -1, start: 3, stop: 9 }), [
      [1, 3, "const b =\n  2"],
    ]);
    assert.deepEqual(await history(second, { hist_access_type: "range", session: 1, start: 1, stop: 2 }), [
      [1, 1, "const a = 1"],
    ]);
    assert.deepEqual(await history(second, { hist_access_type: "range", session: -5, start: 1, stop: 2 }), []);
    assert.deepEqual(await history(second, { hist_access_type: "search", pattern: "const ?*1" }), [
      [1, 1, "const a = 1"],
    ]);
    assert.equal((await second.run("%history ~1/1")).stdout, "1: const a = 1\n");
    await second.run("%history ~1/1-9 > fix.ts");
    assert.equal(
      readFileSync(join(folder.path, "fix.ts"), "utf8"),
      "// In[1]\nconst a = 1\n\n// In[3]\nconst b =\n  2\n",
    );
    assert.match(String((await second.run("%history ~2/1")).errors[0]?.evalue), /no session ~2/);
  });

  test("only its user can read it, and registered secrets are not in it", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "kernel-session-"));
    await using kernel = await start(folder.path, { args: ["--history"] });
    const register =
      'globalThis[Symbol.for("opsbook.host")].send("secret-registered", { name: "s", value: "hunter22" })';
    await kernel.run(register);
    await kernel.run('const login = "hunter22"');
    const histories = join(folder.path, "home/data/opsbook/history");
    const [file = ""] = readdirSync(histories);
    const text = readFileSync(join(histories, file), "utf8");
    assert.ok(text.includes('const login = \\"[secret]\\"') && !text.includes("hunter22"), text);
    assert.deepEqual([statSync(histories).mode & 0o777, statSync(join(histories, file)).mode & 0o777], [0o700, 0o600]);
  });

  test("none is kept where nobody asked for it", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "kernel-session-"));
    await using kernel = await start(folder.path);
    await kernel.run("1");
    assert.equal(readdirSync(folder.path).includes("home"), false);
  });
});

describe("[part of 3.4-config] start-up files and profiles", () => {
  test("the user's come first, then the folder's, each by name; one that fails is told and no more", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "kernel-session-"));
    await using kernel = await start(folder.path, {
      files: {
        "home/config/opsbook/startup/10-user.ts": "const order: string[] = ['user'];",
        "home/config/opsbook/startup/20-wrong.ts": "const fine = 1;\n  throw new Error('not today');",
        ".opsbook/startup/b.ts": "order.push('b'); import { basename } from 'node:path';",
        ".opsbook/startup/a.ts": "order.push('a');",
        ".opsbook/startup/readme.md": "not code",
      },
    });
    const first = await kernel.run("order");
    assert.equal(first.reply.status, "ok");
    assert.match(first.stderr, /Start-up file 20-wrong\.ts: [\s\S]*not today[\s\S]*20-wrong\.ts:2:9/);
    assert.equal(first.reply.execution_count, 1);
    assert.deepEqual(await json(kernel, "[order, fine, basename('/a/b')]"), [["user", "a", "b"], 1, "b"]);
    assert.equal((await kernel.run("1")).stderr, "");
  });

  test("a file that others may write is not run", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "kernel-session-"));
    const files = { ".opsbook/startup/open.ts": "globalThis.ran = true" };
    {
      await using first = await start(folder.path, { files });
      assert.equal(await json(first, "globalThis.ran"), true);
    }
    chmodSync(join(folder.path, ".opsbook/startup/open.ts"), 0o666);
    await using kernel = await start(folder.path);
    const run = await kernel.run("typeof ran");
    assert.match(run.stderr, /can be written by others and was not run: chmod go-w/);
    assert.equal(run.result?.["text/plain"], "'undefined'");
  });

  test("a profile's names are there; one that cannot be loaded is told", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "kernel-session-"));
    const profile = 'export default { preload: { fleet: () => ["web1", "web2"] } };';
    await using kernel = await start(folder.path, {
      files: {
        "node_modules/@acme/ops/package.json": '{ "name": "@acme/ops", "type": "module", "exports": "./index.js" }',
        "node_modules/@acme/ops/index.js": profile,
        "node_modules/empty/index.js": "",
      },
      args: ["--profile", "@acme/ops", "--profile", "empty", "--profile", "absent"],
    });
    const run = await kernel.run("fleet()");
    assert.equal(run.result?.["text/plain"], "[ 'web1', 'web2' ]".replaceAll(/'(\w+)'/g, "\x1b[32m'$1'\x1b[39m"));
    assert.match(run.stderr, /Profile empty: [\s\S]*exports no profile/);
    assert.match(run.stderr, /Profile absent: [\s\S]*absent/);
  });
});

describe("[part of 3.4-config] options", () => {
  test("cell before flag before folder before user before default", async () => {
    const of = async (files: Record<string, string>, args: string[] = []): Promise<unknown> => {
      await using folder = await mkdtempDisposable(join(tmpdir(), "kernel-session-"));
      await using kernel = await start(folder.path, { files, args });
      return await json(
        kernel,
        "nb.magic.config().filter(({ name }) => name === 'timing').map(({ value, origin, type }) => [value, origin, type])[0]",
      );
    };
    const user = { "home/config/opsbook/config.json": '{ "kernel.timing": true, "login.days": 3 }' };
    const inFolder = { ".opsbook/config.json": '{ "kernel.timing": false }' };
    assert.deepEqual(await of({}), [false, "default", "boolean"]);
    assert.deepEqual(await of(user), [true, "user", "boolean"]);
    assert.deepEqual(await of({ ...user, ...inFolder }), [false, "folder", "boolean"]);
    assert.deepEqual(await of({ ...user, ...inFolder }, ["--set", "kernel.timing=true"]), [true, "flag", "boolean"]);
  });

  test("%config lists and sets; a value of another type is refused; a wrong file is told", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "kernel-session-"));
    await using kernel = await start(folder.path, {
      files: { ".opsbook/config.json": '{ "kernel.timing": "maybe" }' },
    });
    assert.match((await kernel.run("1")).stderr, /config\.json: timing takes true or false, not "maybe"/);
    assert.equal((await kernel.run("%config autoDisplay=false\n5")).result, null);
    assert.equal((await kernel.run("%config autoDisplay=true\n5")).result?.["text/plain"], "5");
    await kernel.run("%config timing=true");
    assert.match((await kernel.run("1")).stdout, /wall: /);
    assert.match(String((await kernel.run("%config")).result?.["text/plain"]), /autoDisplay[\s\S]*cell/);
    assert.match(
      String((await kernel.run("%config timing=5")).errors[0]?.evalue),
      /timing takes true or false, not "5"/,
    );
    assert.match(
      String((await kernel.run("%config tinimg=true")).errors[0]?.evalue),
      /no option tinimg. The options are: autoDisplay, timing/,
    );
  });
});
