/** Small stand-in checkouts, so that the scripts' own tests never touch the real one. */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "./project.mjs";
import { sourcesHash } from "./web.mjs";

/** A folder with these files and the real scripts; `remove()` takes it away. */
export function makeCheckout(files = {}) {
  const root = mkdtempSync(join(tmpdir(), "opsbook-scripts-"));
  cpSync(join(ROOT, "scripts"), join(root, "scripts"), {
    recursive: true,
    filter: (path) => !/\.test\.\w+$/.test(path),
  });
  const lock = JSON.stringify({ packages: { "": {}, "node_modules/a": { version: "1.0.0", integrity: "x" } } });
  const all = {
    "package.json": '{"type":"module"}',
    "package-lock.json": lock,
    "node_modules/.package-lock.json": lock,
    ...files,
  };
  for (const [file, text] of Object.entries(all)) write(root, file, text);
  mkdirSync(join(root, "node_modules/.bin"), { recursive: true });
  symlinkSync(process.execPath, join(root, "node_modules/.bin/node"));
  write(root, "apps/web/dist/index.html", "");
  write(root, "apps/web/dist/.sources", sourcesHash(root));
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

export function write(root, file, text) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
}

/** Runs a script of such a checkout; `output` is both streams together, `exit` resolves with its end. */
export function runScript(root, [script, ...args], { env = {}, ...options } = {}) {
  // A test runner inside a test runner must not take itself for its child.
  const { NODE_TEST_CONTEXT: _context, npm_execpath: _npm, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(root, "scripts", script), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...inherited, ...env },
    ...options,
  });
  const run = { child, stdout: "", stderr: "" };
  child.stdout.on("data", (bytes) => {
    run.stdout += bytes;
  });
  child.stderr.on("data", (bytes) => {
    run.stderr += bytes;
  });
  run.exit = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  return run;
}
