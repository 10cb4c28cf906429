import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { pythonEnvironment } from "../../../scripts/components/python.ts";
import { main } from "./main.ts";

async function call(...args: string[]) {
  let [out, err] = ["", ""];
  const io = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  return { code: await main(args, io), out, err };
}

const environment = await pythonEnvironment("jupyter-kernel.requirements.txt");
const python = "skip" in environment ? { skip: environment.skip } : { skip: false };

/** Its steps wait a tenth of a second for the next message, which a busy machine may need longer for. */
const SUITE = `
import unittest, jupyter_kernel_test as jkt

class Patient(jkt.KernelTests):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        channel = cls.kc.iopub_channel
        get = channel.get_msg
        channel.get_msg = lambda timeout=None: get(timeout=max(timeout or 0, 60 if cls.executing else 0))
    executing = False
    def execute_helper(self, *args, **kwargs):
        type(self).executing = True
        try:
            return super().execute_helper(*args, timeout=60, **kwargs)
        finally:
            type(self).executing = False

class TypeScript(Patient):
    kernel_name = "typescript"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('bad')"
    completion_samples = [{"text": "JSON.stri", "matches": ["stringify"]}, {"text": "proces", "matches": ["process"]}]
    complete_code_samples = ["1", "const a: number = 1", "function f(): void {\\n  a()\\n}", "!ls", "%time 1", "a?"]
    incomplete_code_samples = ["function f(): void {", "const a = [1,", "\`open", "%%bash"]
    invalid_code_samples = ["const = 1", "let let x", "1 +* 2"]
    code_page_something = "JSON?"
    code_generate_error = "throw new Error('wrong')"
    code_execute_result = [{"code": "1 + 2", "result": "3"}, {"code": "'a' + 'b'", "result": "'ab'"}, {"code": "6 * 7", "result": "42"}]
    code_display_data = [
        {"code": "display.html('<b>x</b>')", "mime": "text/html"},
        {"code": "%%markdown\\n*x*", "mime": "text/markdown"},
        {"code": "display({ a: 1 })", "mime": "application/json"},
    ]
    code_history_pattern = "1 +*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "JSON.stringify"
    code_clear_output = "clearOutput()"

del Patient
unittest.main(argv=["suite", "-v"])
`;

describe("the TypeScript kernel in Jupyter", () => {
  it("[part of 3.5-kernels] install, list, remove", async () => {
    await using at = await mkdtempDisposable(join(tmpdir(), "opsbook-kernels-"));
    const folder = join(at.path, "share/jupyter/kernels/typescript");
    assert.equal((await call("kernel", "install", "--prefix", at.path)).code, 0);
    const spec = JSON.parse(await readFile(join(folder, "kernel.json"), "utf8"));
    assert.equal(spec.interrupt_mode, "message");
    assert.ok(spec.argv.slice(0, -1).every((part: string) => part.startsWith("/") || part.startsWith("--")));
    process.env.JUPYTER_PATH = join(at.path, "share/jupyter");
    try {
      await mkdir(join(at.path, "share/jupyter/kernels/other"));
      const other = { argv: ["other"], display_name: "Other", language: "other" };
      await writeFile(join(at.path, "share/jupyter/kernels/other/kernel.json"), JSON.stringify(other));
      const { out } = await call("kernel", "list", "--json");
      const names = JSON.parse(out).map(({ name }: { name: string }) => name);
      assert.ok(names.includes("other") && names.filter((name: string) => name === "typescript").length === 1);
    } finally {
      delete process.env.JUPYTER_PATH;
    }
    assert.equal((await call("kernel", "remove", "--prefix", at.path)).code, 0);
    assert.match((await call("kernel", "remove", "--prefix", at.path)).err, /no TypeScript kernel in/);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "kernel.json"), JSON.stringify({ argv: ["tslab"] }));
    assert.match((await call("kernel", "remove", "--prefix", at.path)).err, /another program's/);
    assert.equal((await call("kernel", "frobnicate")).code, 2);
  });

  it("[part of 3.5-kernels] passes jupyter_kernel_test as installed", { ...python, timeout: 240_000 }, async () => {
    assert.ok("python" in environment);
    await using at = await mkdtempDisposable(join(tmpdir(), "opsbook-suite-"));
    assert.equal((await call("kernel", "install", "--prefix", at.path)).code, 0);
    const env = { ...process.env, JUPYTER_PATH: join(at.path, "share/jupyter"), HOME: at.path, NO_COLOR: "" };
    const { stderr } = await promisify(execFile)(environment.python, ["-c", SUITE], { env, timeout: 200_000 }).catch(
      (error: { stderr: string }) => assert.fail(error.stderr),
    );
    assert.match(stderr, /Ran 12 tests[\s\S]*OK\s*$/, stderr);
    assert.doesNotMatch(stderr, /skipped/, stderr);
  });

  it("[part of 3.5-console] works in jupyter console: cells, an interrupt, input()", {
    ...python,
    timeout: 240_000,
  }, async () => {
    assert.ok("python" in environment);
    await using at = await mkdtempDisposable(join(tmpdir(), "opsbook-console-"));
    assert.equal((await call("kernel", "install", "--prefix", at.path)).code, 0);
    const env = { ...process.env, JUPYTER_PATH: join(at.path, "share/jupyter"), HOME: at.path, TERM: "dumb" };
    const child = spawn(environment.python, ["-c", CONSOLE, environment.python], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text) => {
        said += text;
      });
    }
    const code = await new Promise((resolve) => child.on("close", resolve));
    assert.equal(code, 0, said);
    assert.match(said, /all of it worked\s*$/);
  });
});

/** A person at a terminal, by pexpect. */
const CONSOLE = `
import sys, pexpect
child = pexpect.spawn(sys.argv[1], ["-m", "jupyter_console", "--kernel", "typescript", "--simple-prompt"], encoding="utf8", timeout=90)
child.logfile_read = sys.stdout
def cell(code, *wanted):
    child.expect(r"In \\[\\d*\\]: ")
    child.sendline(code)
    for one in wanted:
        child.expect(one)
cell("const six: number = 6", r"")
cell("six * 7", r"Out\\[2\\]: 42")
cell("console.log('begun'); await new Promise(() => {})", r"\\nbegun")
child.sendintr()
child.expect("Interrupted")
cell("await input('name? ')", r"name\\? ")
child.sendline("web1")
child.expect(r"Out\\[4\\]: 'web1'")
cell("!echo from a \${'shell'}", "from a shell")
child.expect(r"In \\[\\d*\\]: ")
child.sendeof()
child.sendline("y")
child.expect(pexpect.EOF)
print("all of it worked")
`;
