import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeCheckout, runScript, write } from "./lib/testing.mjs";

/** Stands where the server is, to see what reaches it. */
const SERVER = `
process.on("SIGTERM", () => { console.log("got SIGTERM"); process.exit(7); });
console.log(JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd(), node: process.argv0 }));
if (process.argv.includes("--exit")) process.exit(3);
setInterval(() => {}, 1000);
`;
const { root, remove } = makeCheckout({ "apps/server/opsbook.mjs": SERVER });
after(remove);

/** Waits until the script has printed something, or ended. */
function firstOutput(run) {
  return Promise.race([new Promise((resolve) => run.child.stdout.once("data", resolve)), run.exit]);
}

test("with everything in place it is the server: arguments, folder and exit status pass through, nothing is printed", async () => {
  const run = runScript(root, ["start.mjs", "--port", "0", "--exit"]);
  assert.deepEqual(await run.exit, { code: 3, signal: null });
  assert.equal(run.stderr, "");
  const { args, cwd } = JSON.parse(run.stdout);
  assert.deepEqual(args, ["serve", "--default-dir", "./notebooks", "--port", "0", "--exit"]);
  assert.equal(cwd, root);
});

test("a folder named first replaces ./notebooks", async () => {
  const run = runScript(root, ["start.mjs", "/srv/books", "--exit"]);
  await run.exit;
  assert.deepEqual(JSON.parse(run.stdout).args, ["serve", "--default-dir", "./notebooks", "/srv/books", "--exit"]);
});

test("a signal reaches the server, whose answer is the answer", async () => {
  const run = runScript(root, ["start.mjs"]);
  await firstOutput(run);
  run.child.kill("SIGTERM");
  assert.deepEqual(await run.exit, { code: 7, signal: null });
  assert.match(run.stdout, /got SIGTERM/);
});

test("when npm's shell dies of a signal, the server is told to stop", async () => {
  const shell = spawn("/bin/sh", ["-c", `"$NODE" scripts/start.mjs; true`], {
    cwd: root,
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, NODE: process.execPath, npm_lifecycle_event: "start" },
  });
  let output = "";
  const closed = new Promise((resolve) => shell.stdout.once("close", resolve));
  await new Promise((resolve) => {
    shell.stdout.on("data", (bytes) => {
      output += bytes;
      resolve();
    });
  });
  shell.kill("SIGTERM");
  // The pipe closes when the last process that holds it has ended.
  await closed;
  assert.match(output, /got SIGTERM/);
});

for (const [title, npm, expected] of [
  ["no network", "echo 'npm error code EAI_AGAIN' >&2; exit 1", /could not be downloaded: check the network/],
  ["npm may not write", "echo 'npm error code EACCES' >&2; exit 243", /npm may not write here/],
  ["npm missing", undefined, /npm was not found: install it/],
]) {
  test(`${title}: one sentence, no stack`, async () => {
    const checkout = makeCheckout({ "apps/server/opsbook.mjs": SERVER });
    try {
      rmSync(join(checkout.root, "node_modules/.package-lock.json"));
      write(checkout.root, "bin/npm", npm === undefined ? "" : `#!/bin/sh\n${npm}\n`);
      if (npm === undefined) rmSync(join(checkout.root, "bin/npm"));
      const run = runScript(checkout.root, ["start.mjs"], { env: { PATH: join(checkout.root, "bin") } });
      assert.deepEqual(await run.exit, { code: 1, signal: null });
      const lines = run.stderr.trimEnd().split("\n");
      assert.equal(lines.length, 2, run.stderr);
      assert.match(lines[0], /^Installing packages \(nothing is installed yet\)/);
      assert.match(lines[1], expected);
    } finally {
      checkout.remove();
    }
  });
}

test("a folder that is not writable: one sentence, before npm is asked", async () => {
  const checkout = makeCheckout();
  try {
    rmSync(join(checkout.root, "node_modules/.package-lock.json"));
    chmodSync(checkout.root, 0o555);
    // Root may write anywhere: it looks as somebody else does.
    const identity = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
    const run = runScript(checkout.root, ["start.mjs"], identity);
    assert.deepEqual(await run.exit, { code: 1, signal: null });
    assert.match(run.stderr, /^opsbook: \S+ is not writable for this user: .*change its owner.*\n$/);
  } finally {
    chmodSync(checkout.root, 0o755);
    checkout.remove();
  }
});

test("a build that fails shows what the builder said and what to do", async () => {
  const checkout = makeCheckout({
    "node_modules/vite/bin/vite.js": 'console.error("x is not exported"); process.exit(1);',
    "apps/web/src/a.ts": "",
  });
  try {
    write(checkout.root, "apps/web/src/a.ts", "changed");
    const run = runScript(checkout.root, ["start.mjs"]);
    assert.deepEqual(await run.exit, { code: 1, signal: null });
    assert.match(
      run.stderr,
      /^Building the web app …\nopsbook: The web app does not build:\nx is not exported\nMend that/,
    );
    assert.ok(!run.stderr.includes("    at "));
  } finally {
    checkout.remove();
  }
});
