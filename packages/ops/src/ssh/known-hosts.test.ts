import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { sh } from "../sh/sh.ts";
import {
  addKnownHost,
  fingerprint,
  judgeKey,
  knownHostName,
  matchesHost,
  parseKnownHosts,
  readKnownHosts,
} from "./known-hosts.ts";

const NAMES = ["web1", "WEB1", "web1.example.org", "bad.example.org", "10.0.0.7", "10.0.1.7", "db", "::1", "x*y"];
const PATTERNS = [
  "web1",
  "*.example.org,!bad.*",
  "10.0.0.?",
  "[web1]:2222",
  "db,10.0.1.*",
  "!db,*",
  "[*]:2200",
  "::1",
  "Web1.Example.org",
];

describe("known hosts", () => {
  test("[9.3-known-hosts] finds the lines that ssh-keygen -F finds, also hashed ones", async (context) => {
    if ((await sh`ssh-keygen -?`.nothrow()).code === null) return context.skip("needs openssh-client");
    await using folder = await mkdtempDisposable(join(tmpdir(), "opsbook-known-"));
    const file = join(folder.path, "known_hosts");
    const keys = PATTERNS.map((_, index) => makeKey(folder.path, index));
    const text = PATTERNS.map((pattern, index) => `${pattern} ${keys[index]}\n`).join("");
    await writeFile(file, `# comment\n\nbroken line\n${text}`);
    for (const hashed of [false, true]) {
      // Only plain names can be hashed, the others stay as they are; a broken line makes ssh-keygen give up.
      if (hashed) await writeFile(file, text);
      if (hashed) execFileSync("ssh-keygen", ["-q", "-H", "-f", file], { stdio: "ignore" });
      const entries = await readKnownHosts([file, join(folder.path, "none")]);
      for (const name of NAMES) {
        for (const port of [22, 2222, 2200]) {
          const wanted = await sh`ssh-keygen -f ${file} -F ${knownHostName(name, port)}`.nothrow();
          const found = wanted.stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
          const ours = entries.filter((entry) => matchesHost(entry, knownHostName(name, port)));
          assert.deepEqual(
            ours.map((entry) => entry.key.toString("base64")),
            found.map((line) => line.split(" ")[2]),
            `${name} ${port}`,
          );
        }
      }
    }
  });

  test("[9.3-known-hosts] a key is added whole, newline-safe, and its fingerprint is ssh-keygen's", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "opsbook-known-"));
    const file = join(folder.path, "new/known_hosts");
    const line = makeKey(folder.path, 0);
    const key = Buffer.from(line.split(" ")[1] ?? "", "base64");
    await addKnownHost(file, { host: "Web1", port: 2222, key });
    await writeFile(file, (await readFile(file, "utf8")).trimEnd());
    await addKnownHost(file, { host: "web2", port: 22, key });
    assert.equal(await readFile(file, "utf8"), `[web1]:2222 ${line}\nweb2 ${line}\n`);
    const printed = execFileSync("ssh-keygen", ["-l", "-f", join(folder.path, "key-0.pub")], { encoding: "utf8" });
    assert.deepEqual([fingerprint(line), fingerprint(key)], [printed.split(" ")[1], printed.split(" ")[1]]);
  });

  test("[9.3-changed-key] verdicts: another key is a change, also when only other types are known", () => {
    const blob = (type: string, end: string) => {
      const name = Buffer.from(type);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(name.length);
      return Buffer.concat([length, name, Buffer.from(end)]);
    };
    const [ed, other, rsa] = [blob("ssh-ed25519", "a"), blob("ssh-ed25519", "b"), blob("ssh-rsa", "c")];
    const known = parseKnownHosts(
      `web1 ssh-ed25519 ${ed.toString("base64")}\n@revoked * ssh-rsa ${rsa.toString("base64")}\n`,
      "f",
    );
    const verdict = (host: string, port: number, key: Buffer) => judgeKey(known, { host, port, key }).status;
    assert.equal(verdict("web1", 22, ed), "trusted");
    assert.equal(verdict("web1", 22, other), "changed");
    assert.equal(verdict("web1", 22, blob("ecdsa-sha2-nistp256", "d")), "changed");
    assert.equal(verdict("web2", 22, ed), "unknown");
    assert.equal(verdict("web2", 22, rsa), "revoked");
    assert.equal(verdict("web1", 2222, ed), "trusted");
    assert.equal(verdict("web1", 2222, other), "unknown");
  });
});

function makeKey(folder: string, index: number): string {
  const file = join(folder, `key-${index}`);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
  return execFileSync("cut", ["-d", " ", "-f", "1,2", `${file}.pub`], { encoding: "utf8" }).trim();
}
