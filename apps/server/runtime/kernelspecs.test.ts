import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import pino from "pino";
import { findKernelspecs, kernelFolders, readyTimeoutOf, transportOf } from "./kernelspecs.ts";

test("kernel.json files are found in Jupyter's order; broken ones are skipped with the reason", async () => {
  const root = mkdtempSync("/tmp/opsbook-specs-");
  try {
    const write = (folder: string, name: string, content: string) => {
      mkdirSync(join(root, folder, "kernels", name), { recursive: true });
      writeFileSync(join(root, folder, "kernels", name, "kernel.json"), content);
    };
    const spec = (title: string, more: object = {}) =>
      JSON.stringify({ argv: ["run", "{connection_file}"], display_name: title, language: "x", ...more });
    write("a", "one", spec("One", { interrupt_mode: "message", env: { A: "1" }, unknown: true }));
    write("a", "broken", "{ no json");
    write("a", "empty", JSON.stringify({ argv: [], display_name: "E", language: "x" }));
    write("b", "One", spec("Shadowed"));
    write("b", "two", spec("Two"));
    mkdirSync(join(root, "b", "kernels", "nothing"));

    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    const folders = kernelFolders({ JUPYTER_PATH: `${root}/a:${root}/b`, HOME: root }).slice(0, 2);
    const found = await findKernelspecs(folders, log);
    assert.deepEqual(
      found.map(({ name, displayName }) => [name, displayName]),
      [
        ["one", "One"],
        ["two", "Two"],
      ],
    );
    assert.deepEqual(found[0], {
      name: "one",
      displayName: "One",
      language: "x",
      argv: ["run", "{connection_file}"],
      env: { A: "1" },
      interruptMode: "message",
      metadata: {},
      resourceDir: join(root, "a", "kernels", "one"),
    });
    assert.equal(lines.length, 2);
    assert.ok(lines.every((line) => line.includes("kernel.json skipped") && line.includes("reason")));
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("folders come from the environment, the user, the Python in use and the system", () => {
  const folders = kernelFolders({ HOME: "/home/op", VIRTUAL_ENV: "/venv", PATH: "", JUPYTER_PATH: "/x" });
  assert.deepEqual(folders, [
    "/x/kernels",
    "/home/op/.local/share/jupyter/kernels",
    "/venv/share/jupyter/kernels",
    "/usr/local/share/jupyter/kernels",
    "/usr/share/jupyter/kernels",
  ]);
});

test("[T18] kernels that can, use Unix sockets; the rest loopback TCP; kernel.json may say", () => {
  const spec = (argv: string[], metadata = {}) => ({
    ...{ name: "k", displayName: "K", language: "x", argv, env: {}, metadata, resourceDir: null },
    interruptMode: "signal" as const,
  });
  assert.equal(transportOf(spec(["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"])), "ipc");
  assert.equal(transportOf(spec(["python", "-m", "bash_kernel", "-f", "{connection_file}"])), "ipc");
  assert.equal(transportOf(spec(["/opt/bin/xpython", "-f", "{connection_file}"])), "ipc");
  assert.equal(transportOf(spec(["deno", "jupyter", "--kernel", "--conn", "{connection_file}"])), "tcp");
  assert.equal(transportOf(spec(["foo"], { opsbook: { transport: "ipc" } })), "ipc");
  assert.equal(readyTimeoutOf(spec(["foo"])), 30_000);
  assert.equal(readyTimeoutOf(spec(["foo"], { opsbook: { readyTimeoutMs: 90_000 } })), 90_000);
});
