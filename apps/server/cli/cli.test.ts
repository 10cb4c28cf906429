import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { main } from "./main.ts";

const OPSBOOK = fileURLToPath(new URL("../opsbook.mjs", import.meta.url));

let dir: string;
let state: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), "opsbook-cli-"));
  state = join(dir, "state");
});
after(() => rm(dir, { recursive: true, force: true }));

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

class Run {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  out = "";
  err = "";

  constructor(args: string[], options: { node?: string } = {}) {
    this.child = spawn(options.node ?? process.execPath, [OPSBOOK, ...args], {
      env: {
        ...process.env,
        XDG_STATE_HOME: state,
        XDG_CONFIG_HOME: join(dir, "config"),
        XDG_DATA_HOME: join(dir, "data"),
        XDG_RUNTIME_DIR: "",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.out += text;
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.err += text;
    });
    this.ended = new Promise((resolve) => {
      this.child.on("close", (code) => resolve({ code, out: this.out, err: this.err }));
    });
  }

  /** The first whole line on stdout; rejects when the process ends before. */
  line(): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.out.includes("\n")) resolve(this.out.split("\n")[0] ?? "");
      };
      this.child.stdout?.on("data", look);
      void this.ended.then(({ err }) => reject(new Error(`ended: ${err}`)));
      look();
    });
  }
}

const run = (...args: string[]) => new Run(args).ended;

/** The same without a process, for what ends before a server starts. */
async function call(...args: string[]): Promise<Ended> {
  let [out, err] = ["", ""];
  const io = {
    out: (text: string) => {
      out += `${text}\n`;
    },
    err: (text: string) => {
      err += `${text}\n`;
    },
  };
  return { code: await main(args, io), out, err };
}

interface Served {
  loginUrl: string;
  url: string;
  port: number;
  root: string;
  pid: number;
}

async function serve(...args: string[]) {
  const server = new Run(["serve", "--json", "--set", "kernels.onStop=end", ...args]);
  const info = JSON.parse(await server.line()) as Served;
  return {
    ...info,
    server,
    async stop(signal: NodeJS.Signals = "SIGTERM") {
      server.child.kill(signal);
      return server.ended;
    },
  };
}

async function folder(): Promise<string> {
  return mkdtemp(join(dir, "served-"));
}

/** Posts the token of a login URL and answers with status and cookie. */
async function logIn(loginUrl: string): Promise<{ status: number; cookie: string }> {
  const url = new URL(loginUrl);
  const token = new URLSearchParams(url.hash.slice(1)).get("token") ?? "";
  const body = new URLSearchParams({ token });
  const answer = await fetch(new URL("/login", url), { method: "POST", body, redirect: "manual" });
  return { status: answer.status, cookie: answer.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
}

describe("calling it wrongly", { timeout: 60_000 }, () => {
  const WRONG: [args: string[], says: RegExp][] = [
    [["frobnicate"], /no command frobnicate.*--help/],
    [["serve", "--prot", "1"], /--prot.*opsbook serve --help/s],
    [["serve", "--port", "http"], /--port wants a number/],
    [["serve", "--port", "70000"], /--port wants a number/],
    [["serve", "a", "b"], /one argument too many/],
    [["serve", "--base-url", "ops.example.com"], /--base-url wants a URL/],
    [["serve", "--base-url", "https://ops.example.com/path"], /host name of its own/],
    [["serve", tmpdir(), "--set", "colour=red"], /no setting colour.*kernels\.onStop/],
    [["serve", tmpdir(), "--set", "login.days"], /key=value/],
    [["list", "extra"], /too many/],
  ];
  for (const [args, says] of WRONG) {
    it(`exits 2 and says what to do: ${args.join(" ")}`, async () => {
      const { code, out, err } = await call(...args);
      assert.equal(code, 2, err);
      assert.match(err, says);
      assert.equal(out, "");
      assert.doesNotMatch(err, /\n\s+at /);
    });
  }

  for (const host of ["0.0.0.0", "::", "10.1.2.3", "example.com"]) {
    it(`[T23] [3.5-exposure] --host ${host} alone exits 2`, async () => {
      const { code, err } = await call("serve", dir, "--host", host);
      assert.equal(code, 2);
      assert.match(err, /--behind-proxy/);
      assert.equal((await call("serve", dir, "--host", host, "--behind-proxy")).code, 2, "without --base-url");
    });
  }

  it("says in one sentence why a folder or a token file will not do", async () => {
    const absent = await call("serve", join(dir, "absent"));
    assert.deepEqual([absent.code, /does not exist/.test(absent.err)], [1, true]);
    const file = join(dir, "a-file");
    await writeFile(file, "x");
    assert.match((await call("serve", file)).err, /not a folder/);
    const token = join(dir, "token");
    await writeFile(token, "0123456789abcdef0123");
    await chmod(token, 0o644);
    const refused = await run("serve", await folder(), "--port", "0", "--token-file", token);
    assert.deepEqual([refused.code, /chmod 600/.test(refused.err)], [1, true]);
  });

  it("a port asked for and taken is an error", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const { code, err } = await run("serve", await folder(), "--port", `${port}`);
    assert.equal(code, 1);
    assert.match(err, new RegExp(`Port ${port} is taken`));
    await new Promise((resolve) => other.close(resolve));
  });
});

describe("help and version", () => {
  it("are printed on stdout", async () => {
    const help = await call("--help");
    assert.equal(help.code, 0);
    for (const command of ["serve", "list", "stop", "doctor"])
      assert.match(help.out, new RegExp(`^  ${command} `, "m"));
    assert.match((await call("serve", "--help")).out, /--base-url/);
    assert.match((await run("--version")).out, /^\d+\.\d+\.\d+\n$/);
  });
});

describe("serving", { timeout: 90_000 }, () => {
  it("[T23] [3.5-exposure] listens on loopback only", async () => {
    const served = await serve(await folder(), "--port", "0");
    const listening = execFileSync("ss", ["-Hltnp"], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.includes(`pid=${served.pid},`));
    assert.equal(listening.length, 1);
    assert.match(listening[0] ?? "", new RegExp(` 127\\.0\\.0\\.1:${served.port} `));
    assert.equal((await served.stop()).code, 0);
  });

  it("[3.5-auth] prints a login URL that works once; list has fresh ones, for the owner alone", async () => {
    const root = await folder();
    const served = await serve(root, "--port", "0");
    assert.equal((await logIn(served.loginUrl)).status, 303);
    assert.equal((await logIn(served.loginUrl)).status, 401);

    const runFiles = join(state, "opsbook");
    assert.equal((await stat(runFiles)).mode & 0o777, 0o700);
    for (const name of await readdir(runFiles)) assert.equal((await stat(join(runFiles, name))).mode & 0o777, 0o600);
    const listed = JSON.parse((await run("list", "--json")).out) as (Served & { loginUrl: string })[];
    const mine = listed.find(({ pid }) => pid === served.pid);
    assert.equal(mine?.root, served.root);
    const { status, cookie } = await logIn(mine?.loginUrl ?? "");
    assert.equal(status, 303);

    assert.equal((await served.stop("SIGINT")).code, 0);
    assert.deepEqual(JSON.parse((await run("list", "--json")).out), []);
    const again = await serve(root, "--port", `${served.port}`);
    const me = await fetch(new URL("/api/me", again.url), { headers: { cookie } });
    assert.equal(me.status, 200, "the login outlives the server");
    await again.stop();

    const log = await readFile(join(root, ".opsbook", "log", "server.log"), "utf8");
    assert.doesNotMatch(log + again.server.err, /obk_/);
    assert.match(log, /listening/);
  });

  it("takes the next free port when none was asked for", async () => {
    const [one, two] = await Promise.all([folder(), folder()]);
    const first = await serve(one);
    const second = await serve(two);
    assert.notEqual(first.port, second.port);
    assert.ok(first.port >= 8888 && second.port > first.port);
    await Promise.all([first.stop(), second.stop()]);
  });

  it("[P9] kernels and terminals outlive a stop, until `opsbook stop`", async () => {
    const root = await folder();
    const first = await serve(root, "--port", "0", "--set", "kernels.onStop=keep");
    const { cookie } = await logIn(first.loginUrl);
    const headers = { cookie, origin: first.url, "content-type": "application/json" };
    const made = await fetch(new URL("/api/terminals", first.url), { method: "POST", headers, body: "{}" });
    const { name } = (await made.json()) as { name: string };
    const stopped = await first.stop();
    assert.match(stopped.err, /0 kernel\(s\) and 1 terminal\(s\) go on running/);
    const second = await serve(root, "--port", "0", "--set", "kernels.onStop=keep");
    const listed = await fetch(new URL("/api/terminals", second.url), { headers: { cookie } });
    assert.deepEqual(
      ((await listed.json()) as { name: string }[]).map((one) => one.name),
      [name],
    );
    const { code, out } = await run("stop", root);
    assert.equal(code, 0);
    assert.match(out, /Stopped 1 server\(s\), 0 kernel\(s\), 1 terminal\(s\)/);
    assert.equal((await second.server.ended).code, 0);
  });

  it("reads its settings from the folder, and --set wins", async () => {
    const root = await folder();
    await mkdir(join(root, ".opsbook"));
    await writeFile(join(root, ".opsbook", "config.json"), '{"login.days": "x"}');
    assert.equal((await run("serve", root, "--port", "0")).code, 2);
    await writeFile(join(root, ".opsbook", "config.json"), "{}");
    const wrong = await run("serve", root, "--port", "0", "--set", "kernel.timing=5");
    assert.deepEqual([wrong.code, /kernel\.timing: takes true or false/.test(wrong.err)], [2, true]);
    await writeFile(join(root, ".opsbook", "config.json"), '{"login.days": "x"}');
    const served = await serve(root, "--port", "0", "--set", "login.days=1");
    await served.stop();
  });
});

describe("doctor", () => {
  it("says what is missing", async () => {
    const fine = await call("doctor", dir, "--json");
    const checks = JSON.parse(fine.out) as { name: string; ok: boolean }[];
    assert.ok(checks.find(({ name }) => name === "Node.js")?.ok);
    const missing = await call("doctor", join(dir, "absent"));
    assert.equal(missing.code, 1);
    assert.match(missing.out, /FAIL {2}folder: .*ENOENT/);
  });
});

describe("the shim", () => {
  const system = "/usr/bin/node";
  it("goes on under the pinned Node from an older one", async (context) => {
    const major = await stat(system).then(
      () => Number(execFileSync(system, ["-p", "process.versions.node.split('.')[0]"], { encoding: "utf8" })),
      () => null,
    );
    if (major === null || major >= 24) return context.skip("no older Node.js here");
    const { code, out } = await new Run(["doctor", dir, "--json"], { node: system }).ended;
    assert.ok(code === 0 || code === 1);
    assert.match(out, /"Node.js","ok":true/);
    assert.equal((await new Run(["nonsense"], { node: system }).ended).code, 2);
  });
});
