import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Sshd, startSshd } from "../../../../scripts/components/sshd.ts";
import { GuardError } from "../core/guard.ts";
import { hostileValues } from "../core/hostile.ts";
import { describeMachine } from "../core/machine.contract.ts";
import { Secret } from "../core/secret.ts";
import { rejection } from "../core/testing.ts";
import { FilesError } from "../files/error.ts";
import { quotePosix } from "../sh/quote.ts";
import { CommandError } from "../sh/result.ts";
import { sh } from "../sh/sh.ts";
import { SshError } from "./error.ts";
import { ssh } from "./index.ts";
import { optionsFor } from "./testing.ts";

const sshd = await startOrUndefined();
const ids = {
  run: "9.5-exec",
  quoting: "9.5-quoting",
  stdin: "part of 9.5-stream",
  stream: "part of 9.5-stream",
  text: "part of 9.6-files",
  replace: "9.6-rename",
  mode: "9.6-chmod",
  temp: "part of 9.6-files",
  processes: "part of 9.5-exec",
  net: "part of 9.4-forward",
};

async function startOrUndefined(): Promise<Sshd | undefined> {
  try {
    return await startSshd();
  } catch (error) {
    if (!(error instanceof Error) || !("missing" in error) || process.env.CI === "true") throw error;
    return undefined;
  }
}

describe("ssh", { skip: sshd === undefined ? "needs openssh-server" : false }, () => {
  if (sshd === undefined) return;
  after(() => sshd[Symbol.asyncDispose]());

  describeMachine("a real sshd", ids, async () => {
    const folder = await mkdtempDisposable(join(tmpdir(), "opsbook-ssh-"));
    const host = await ssh.connect(sshd.host, optionsFor(sshd));
    const close = async () => {
      await host.close();
      await folder.remove();
    };
    return { machine: host, folder: folder.path, [Symbol.asyncDispose]: close };
  });

  describe("host keys", () => describeHostKeys(sshd));
  describe("connecting", () => describeConnecting(sshd));
  describe("files", () => describeTransfers(sshd));
  describe("commands", () => describeCommands(sshd));
});

function describeHostKeys(server: Sshd): void {
  test("[9.3-policy] an unknown host is refused before anything is sent, with its fingerprint and what to do", async () => {
    const options = { ...optionsFor(server), knownHosts: join(server.folder, "nobody") };
    const error = await rejection(ssh.connect(server.host, options), SshError);
    assert.equal(error.code, "host-key-unknown");
    assert.ok(fingerprints(server).some((print) => error.message.includes(print)));
    assert.match(error.message, /add it to .*nobody/);
  });

  test("[9.3-policy] a callback decides on an unknown host and sees what ssh-keygen shows", async () => {
    const options = { ...optionsFor(server), knownHosts: join(server.folder, "nobody") };
    const shown: string[] = [];
    const hostKey = (key: { fingerprint: string }) => shown.push(key.fingerprint) > 1;
    assert.equal(
      (await rejection(ssh.connect(server.host, { ...options, hostKey }), SshError)).code,
      "host-key-unknown",
    );
    await using host = await ssh.connect(server.host, { ...options, hostKey });
    assert.equal(host.connected, true);
    assert.ok(shown.length === 2 && fingerprints(server).includes(shown[0] ?? ""));
  });

  test("[9.3-policy] a person who is asked and says yes adds a line that OpenSSH accepts", async () => {
    const knownHosts = join(server.folder, "asked");
    writeFileSync(knownHosts, "other.example ssh-ed25519 AAAA");
    const prompts: string[] = [];
    using _host = pretendHost((prompt) => (prompts.push(prompt) === 1 ? "no" : "yes"));
    const options = { ...optionsFor(server), knownHosts, hostKey: "ask" as const };
    assert.equal((await rejection(ssh.connect(server.host, options), SshError)).code, "host-key-unknown");
    await using first = await ssh.connect(server.host, options);
    await using second = await ssh.connect(server.host, options);
    assert.deepEqual([first.connected, second.connected, prompts.length], [true, true, 2]);
    const strict = ["-F", "/dev/null", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"];
    const files = ["-o", `UserKnownHostsFile=${knownHosts}`, "-i", server.keyFile, "-p", String(server.port)];
    assert.equal(await sh`ssh ${strict} ${files} ${`${server.user}@${server.host}`} echo hello`.text(), "hello\n");
  });

  test("[9.3-changed-key] [T21] another key than before is a hard stop before signing in, whatever the policy", async () => {
    const imposter = await startSshd({
      port: server.port === 65_535 ? 65_534 : server.port + 1,
      hostKeys: ["ed25519"],
    });
    try {
      const knownHosts = join(server.folder, "changed");
      writeFileSync(
        knownHosts,
        `# a comment\n${readFileSync(server.knownHostsFile, "utf8").replaceAll(`:${server.port}`, `:${imposter.port}`)}`,
      );
      const options = { ...optionsFor(imposter), knownHosts, identityFile: imposter.keyFile };
      for (const hostKey of ["refuse", "ask", () => true] as const) {
        const error = await rejection(ssh.connect(server.host, { ...options, hostKey }), SshError);
        assert.equal(error.code, "host-key-changed");
        assert.ok(error.message.includes(fingerprints(imposter)[0] ?? "?"), "the key shown");
        assert.ok(
          fingerprints(server).every((print) => error.message.includes(print)),
          "the keys known",
        );
        assert.ok(error.message.includes(`${knownHosts}:2`), "file and line");
      }
      assert.doesNotMatch(imposter.log(), /Accepted|Failed publickey|Postponed/);
    } finally {
      await imposter[Symbol.asyncDispose]();
    }
  });

  test("[9.3-known-hosts] a file with one key type of several is no false alarm", async () => {
    for (const type of ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"]) {
      const knownHosts = join(server.folder, `only-${type}`);
      const lines = readFileSync(server.knownHostsFile, "utf8").split("\n");
      writeFileSync(knownHosts, `${lines.filter((line) => line.includes(` ${type} `)).join("\n")}\n`);
      await using host = await ssh.connect(server.host, { ...optionsFor(server), knownHosts });
      assert.equal(host.connected, true);
    }
  });

  test("[9.3-known-hosts] names hashed by ssh-keygen are found, revoked keys and authorities refused by name", async () => {
    const knownHosts = join(server.folder, "hashed");
    writeFileSync(knownHosts, readFileSync(server.knownHostsFile));
    execFileSync("ssh-keygen", ["-q", "-H", "-f", knownHosts], { stdio: "ignore" });
    assert.doesNotMatch(readFileSync(knownHosts, "utf8"), /127\.0\.0\.1/);
    await using host = await ssh.connect(server.host, { ...optionsFor(server), knownHosts });
    assert.equal(host.connected, true);
    const revoked = join(server.folder, "revoked");
    const plain = readFileSync(server.knownHostsFile, "utf8");
    writeFileSync(revoked, plain + plain.replaceAll(/^(?=.)/gm, "@revoked "));
    const options = { ...optionsFor(server), hostKey: () => true };
    assert.equal(
      (await rejection(ssh.connect(server.host, { ...options, knownHosts: revoked }), SshError)).code,
      "host-key-revoked",
    );
    const authority = join(server.folder, "authority");
    writeFileSync(authority, plain.replaceAll(/^(?=.)/gm, "@cert-authority "));
    assert.equal(
      (await rejection(ssh.connect(server.host, { ...options, knownHosts: authority }), SshError)).code,
      "host-certificate",
    );
  });
}

function describeConnecting(server: Sshd): void {
  test("[part of 9.4-connect] name, user, port, key and jump host come from ~/.ssh/config", async () => {
    const configFile = join(server.folder, "config");
    const common = `  HostName 127.0.0.1\n  Port ${server.port}\n  User ${server.user}\n  IdentityFile ${server.keyFile}\n`;
    writeFileSync(join(server.folder, "more"), `Host inner\n${common}  ProxyJump bastion\n`);
    writeFileSync(
      configFile,
      `Include more\nHost bastion !inner\n${common}Host *\n  UserKnownHostsFile ${server.knownHostsFile}\n`,
    );
    await using host = await ssh.connect("inner", { configFile, agent: false });
    const client = (await host.sh`printenv SSH_CLIENT`.text()).split(" ");
    assert.equal(client[2]?.trim(), String(server.port));
    assert.match(server.log(), /Accepted publickey/);
    assert.equal(host.name, `${server.user}@inner`);
    const circle = join(server.folder, "circle");
    writeFileSync(circle, "Host a\n  ProxyJump b\nHost b\n  ProxyJump a\n");
    assert.equal((await rejection(ssh.connect("a", { configFile: circle }), SshError)).code, "config");
  });

  test("[part of 9.4-connect] a connection that was closed says so and leaves nothing open", async () => {
    const host = await ssh.connect(server.host, optionsFor(server));
    await host.close();
    await host.close();
    assert.equal(host.connected, false);
    assert.equal((await rejection(host.sh`true`, CommandError)).reason, "transport");
    await assert.rejects(host.files.text("/etc/hostname"), SshError);
  });

  test("[part of 9.4-connect] every way a connection can fail has its own code", async () => {
    const options = optionsFor(server);
    const code = async (target: string, more: object) =>
      (await rejection(ssh.connect(target, { ...options, ...more }), SshError)).code;
    const deaf = createServer(() => {});
    await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
    const address = deaf.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    assert.equal(await code(server.host, { port, timeout: 300 }), "timeout");
    deaf.close();
    assert.equal(await code(server.host, { port: 1 }), "refused");
    assert.equal(await code("no-such-host.invalid", {}), "dns");
    const stranger = join(server.folder, "stranger");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", stranger]);
    assert.equal(await code(server.host, { identityFile: stranger }), "auth");
    assert.equal(await code(server.host, { identityFile: join(server.folder, "none") }), "auth");
    assert.equal(await code(server.host, { signal: AbortSignal.abort() }), "aborted");
  });

  test("[part of 9.4-agent] an agent signs in with a key that is in no file", async () => {
    const socket = join(server.folder, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      await new Promise((resolve) => agent.stdout.once("data", resolve));
      execFileSync("ssh-add", ["-q", server.keyFile], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
        stdio: "ignore",
      });
      const { identityFile: _, ...options } = optionsFor(server);
      await using host = await ssh.connect(server.host, { ...options, agent: socket });
      assert.equal(await host.sh`printenv SSH_AUTH_SOCK`.nothrow().text(), "");
    } finally {
      agent.kill();
    }
  });

  test("[part of 9.4-agent] a key from a secret store and an encrypted key work", async () => {
    const { identityFile: _, ...options } = optionsFor(server);
    const text = readFileSync(server.keyFile, "utf8");
    await using first = await ssh.connect(server.host, { ...options, key: new Secret(text, "key") });
    assert.equal(first.connected, true);
    const encrypted = join(server.folder, "encrypted");
    writeFileSync(encrypted, text, { mode: 0o600 });
    execFileSync("ssh-keygen", ["-q", "-p", "-N", "long enough", "-f", encrypted]);
    const error = await rejection(ssh.connect(server.host, { ...options, identityFile: encrypted }), SshError);
    assert.match(error.message, /passphrase/);
    const passphrase = new Secret("long enough", "passphrase");
    await using second = await ssh.connect(server.host, { ...options, identityFile: encrypted, passphrase });
    assert.equal(second.connected, true);
  });

  test("[T24] a host or user that could be an option or an instruction is refused", async () => {
    for (const target of [
      "-oProxyCommand=id",
      "root@-oProxyCommand=id",
      "-web1",
      "-l@web1",
      "a b",
      "web1;id",
      "$(id)",
      "",
      "a\nb",
      "u@@h",
    ]) {
      assert.equal(
        (await rejection(ssh.connect(target, { configFile: false }), SshError)).code,
        "invalid-target",
        target,
      );
    }
    const configFile = join(server.folder, "hostile-config");
    writeFileSync(
      configFile,
      "Host web1\n  HostName -oProxyCommand=id\nHost web2\n  ProxyCommand touch /tmp/opsbook-pwned\n",
    );
    assert.equal((await rejection(ssh.connect("web1", { configFile }), SshError)).code, "config");
    assert.equal((await rejection(ssh.connect("web2", { configFile }), SshError)).code, "unsupported");
  });
}

function describeCommands(server: Sshd): void {
  test("[9.5-quoting] 5,000 hostile values arrive unchanged in dash and bash", async () => {
    const values = hostileValues(5000, 9);
    for (const shell of ["dash", "bash"]) {
      for (let start = 0; start < values.length; start += 500) {
        const part = values.slice(start, start + 500);
        const printed = await sh`${shell} -c ${`printf '%s\\0' ${part.map(quotePosix).join(" ")}`}`.bytes();
        assert.deepEqual(Buffer.from(printed).toString("utf8").split("\0").slice(0, -1), part);
      }
    }
  });

  test("[part of 9.5-stream] an interrupt of the cell leaves no remote process", async () => {
    await using host = await ssh.connect(server.host, optionsFor(server));
    const cell = new AbortController();
    using _host = pretendHost(() => "", cell.signal);
    const script = 'trap "" HUP; sleep 1000 & echo "$$ $!"; wait';
    let pids: string[] = [];
    const running = (async () => {
      for await (const line of host.sh`sh -c ${script}`.lines()) {
        pids = line.split(" ");
        cell.abort();
      }
    })();
    assert.equal((await rejection(running, CommandError)).aborted, true);
    for (const pid of pids) {
      while (
        (await sh`kill -0 ${pid}`
          .signal(new AbortController().signal)
          .nothrow()
          .then(
            (r) => r.code,
            () => 1,
          )) === 0
      ) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    assert.equal(pids.length, 2);
  });

  test("[9.5-exec] more commands at once than the server allows sessions wait for each other", async () => {
    await using host = await ssh.connect(server.host, optionsFor(server));
    const numbers = Array.from({ length: 25 }, (_, index) => index);
    const printed = await Promise.all(
      numbers.map((number) => host.sh`sh -c ${'sleep 0.05; echo "$1"'} x ${number}`.text()),
    );
    assert.deepEqual(printed.map(Number), numbers);
  });

  test("[9.5-exec] a secret in the environment of a remote command is refused", async () => {
    await using host = await ssh.connect(server.host, optionsFor(server));
    assert.throws(() => host.sh`env`.env({ TOKEN: new Secret("abcdefgh") }), GuardError);
  });
}

function describeTransfers(server: Sshd): void {
  test("[part of 9.6-transfer] files go up and down with progress, all-or-nothing, and are compared at the end", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "opsbook-transfer-"));
    await using host = await ssh.connect(server.host, optionsFor(server));
    const content = Buffer.alloc(40 * 1024 * 1024 + 17);
    for (let at = 0; at < content.length; at += 4096) content.writeUInt32LE(at, Math.min(at, content.length - 4));
    const source = join(folder.path, "source");
    writeFileSync(source, content, { mode: 0o640 });
    const steps: number[] = [];
    const up = await host.files.put(source, join(folder.path, "up"), { onProgress: (done) => steps.push(done) });
    assert.deepEqual([up.bytes, up.verified, up.path], [content.length, true, join(folder.path, "up")]);
    assert.equal(steps.at(-1), content.length);
    assert.ok(steps.length > 100);
    await sh`mkdir ${join(folder.path, "target")}`;
    const down = await host.files.get(up.path, join(folder.path, "target"));
    assert.deepEqual([down.path, down.sha256, down.verified], [join(folder.path, "target/up"), up.sha256, true]);
    await sh`cmp ${source} ${down.path}`;
    assert.equal(await sh`stat -c %a ${up.path} ${down.path}`.text(), "640\n640\n");
    const stop = new AbortController();
    const cut = host.files.put(source, join(folder.path, "cut"), {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    assert.equal((await rejection(cut, FilesError)).code, "aborted");
    assert.equal(await host.files.exists(join(folder.path, "cut")), false);
  });

  test("[part of 9.6-files] a relative path on a host is refused", async () => {
    await using host = await ssh.connect(server.host, optionsFor(server));
    for (const path of ["etc/passwd", "~/x", "./x"])
      await assert.rejects(async () => host.files.text(path), GuardError);
  });
}

function fingerprints(server: Sshd): string[] {
  return server.hostPublicKeys.map((key) => {
    const printed = execFileSync("ssh-keygen", ["-l", "-f", "-"], { input: key, encoding: "utf8" });
    return printed.split(" ")[1] ?? "";
  });
}

/** A kernel's side of the host channel, for as long as it is not disposed. */
function pretendHost(
  input: (prompt: string) => string,
  signal: AbortSignal = new AbortController().signal,
): Disposable {
  const name = Symbol.for("opsbook.host");
  const channel = {
    version: 1,
    send: () => {},
    signal: () => signal,
    display: () => {},
    input: (prompt: string) => Promise.resolve(input(prompt)),
    trackChild: () => {},
  };
  Reflect.set(globalThis, name, channel);
  return { [Symbol.dispose]: () => void Reflect.deleteProperty(globalThis, name) };
}
