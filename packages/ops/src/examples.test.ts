import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");

/** Examples that name a host nobody has are only type-checked. */
const ELSEWHERE = /"\/srv\/images|example\.org|web1|127\.0\.0\.1:8888|ssh_host_ed25519_key/;

interface Example {
  readonly place: string;
  readonly code: string;
}

function examplesOfComments(): Example[] {
  const examples: Example[] = [];
  for (const file of globSync("src/**/*.ts", { cwd: root })) {
    if (/\.(test|contract)\.ts$/.test(file)) continue;
    const text = readFileSync(join(root, file), "utf8");
    for (const match of text.matchAll(/@example\n((?: *\* .*\n)+?)(?= *\*\/| *\* @)/g)) {
      const code = (match[1] ?? "").replaceAll(/^ *\* ?/gm, "");
      const line = text.slice(0, match.index).split("\n").length;
      examples.push({ place: `${file}:${line}`, code });
    }
  }
  return examples;
}

function examplesOfReadme(): Example[] {
  const text = readFileSync(join(root, "README.md"), "utf8");
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map((match, index) => ({
    place: `README.md#${index + 1}`,
    code: match[1] ?? "",
  }));
}

describe("examples", () => {
  const examples = [...examplesOfReadme(), ...examplesOfComments()];

  test("every public function has one", () => {
    const documented = examples.map(({ code }) => code).join("\n");
    const names = [
      "all(",
      "guard(",
      "new Secret(",
      "sh`",
      "sh.shell(",
      "sh.pipe(",
      "local",
      "ssh.connect(",
      "ssh.fingerprint(",
      "bytes.unpack(",
      "bytes.pack(",
      "bytes.size(",
      "bytes.hex(",
      "path(",
      "proc.list(",
      "proc.signal(",
      "proc.wait(",
      "proc.parsePs(",
      "net.connect(",
      "net.proxy(",
      "net.waitFor(",
      "users.list(",
      "users.addToGroup(",
    ];
    const http = ["get", "head", "post", "put", "patch", "delete", "request", "client", "basic", "bearer"].map(
      (name) => `http.${name}(`,
    );
    const files = [
      "text",
      "bytes",
      "head",
      "lines",
      "json",
      "stat",
      "list",
      "exists",
      "create",
      "write",
      "open",
      "handles",
      "copy",
      "copyTree",
      "removeTree",
      "at",
      "move",
      "remove",
      "makeFolder",
      "chmod",
      "temp",
    ];
    const wanted = [...names, ...http, ...files.map((name) => `files.${name}(`), "host.files.get(", "host.files.put("];
    assert.deepEqual(
      wanted.filter((name) => !documented.includes(name)),
      [],
    );
  });

  test("all of them fit the types of the globals, and those that need no other machine run", async () => {
    await using folder = await mkdtempDisposable(join(root, "src/.examples-"));
    await using results = await mkdtempDisposable(join(tmpdir(), "opsbook-examples-"));
    const runnable: string[] = [];
    for (const [index, { place, code }] of examples.entries()) {
      const file = join(folder.path, `example-${index}.ts`);
      const header = `// ${place}\nimport { install } from "../globals.ts";\nimport type {} from "../globals-types.ts";\ninstall(globalThis);\n`;
      await writeFile(file, `${header}${code}\nexport {};\n`);
      if (!ELSEWHERE.test(code)) runnable.push(file);
    }
    const base = JSON.stringify(join(root, "tsconfig.json"));
    const config = join(folder.path, "tsconfig.json");
    const options = '{ "noUnusedLocals": false, "noEmit": true }';
    await writeFile(config, `{ "extends": ${base}, "compilerOptions": ${options}, "include": ["*.ts"] }`);
    const tsc = join(root, "../../node_modules/.bin/tsc");
    await run(tsc, ["-p", config]).catch((error: { stdout: string }) => assert.fail(error.stdout));
    assert.ok(runnable.length > 20);
    const together = join(folder.path, "together.ts");
    await writeFile(together, runnable.map((file) => `await import(${JSON.stringify(file)});\n`).join(""));
    await run(process.execPath, [together], { cwd: results.path }).catch((error: Error) => assert.fail(error.message));
    await run("sh", ["-c", "rm -rf /tmp/opsbook-example*"]);
  });
});
