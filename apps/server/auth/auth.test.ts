import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Auth, type AuthOptions, LOGIN_LINK_MS } from "./auth.ts";
import { cookieName, readCookie } from "./cookies.ts";
import { AuthError } from "./errors.ts";
import { Scrubber } from "./scrub.ts";
import { newToken } from "./tokens.ts";

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), "opsbook-auth-"));
});
after(() => rm(dir, { recursive: true, force: true }));

async function openAuth(options: Partial<AuthOptions> = {}) {
  const stateDir = options.stateDir ?? (await mkdtemp(join(dir, "state-")));
  const given = { root: dir, stateDir, scrubber: new Scrubber(), ownerName: "Olga", secure: false, ...options };
  return { stateDir, ...(await Auth.open(given)) };
}

async function logIn(auth: Auth, options: { role?: "viewer" | "admin"; name?: string; cookie?: string } = {}) {
  const token = auth.createLoginToken({ role: options.role ?? "admin", owner: options.role === undefined });
  const { name = "", cookie } = options;
  const header = await auth.login({ token, name, address: "::1", cookie });
  return header.split(";")[0] ?? "";
}

function identityOf(auth: Auth, cookie: string) {
  const who = auth.identify({ cookie, authorization: undefined });
  assert.ok(who.ok);
  return who.identity;
}

const isCode = (code: string) => (error: unknown) => error instanceof AuthError && error.code === code;

describe("login", () => {
  it("[T1] [3.5-auth] a login token works once", async () => {
    const { auth } = await openAuth();
    const token = auth.createLoginToken({ role: "admin", owner: true });
    const request = { token, name: "", address: "::1", cookie: undefined };
    await auth.login(request);
    await assert.rejects(auth.login(request), isCode("bad-token"));
  });

  it("[T1] a login token is worthless after 15 minutes", async () => {
    let now = 1_000_000;
    const { auth } = await openAuth({ now: () => now });
    const token = auth.createLoginToken({ role: "admin", owner: true });
    now += LOGIN_LINK_MS;
    await assert.rejects(auth.login({ token, name: "", address: "::1", cookie: undefined }), isCode("bad-token"));
  });

  it("[T17] a login gets a new id and ends the one the browser came with", async () => {
    const { auth } = await openAuth();
    const first = await logIn(auth);
    const second = await logIn(auth, { cookie: first });
    assert.notEqual(first, second);
    assert.equal(identityOf(auth, first), null);
    assert.deepEqual(identityOf(auth, second)?.user, { id: "owner", name: "Olga" });
  });

  it("[T17] an id of somebody's choosing is never taken over", async () => {
    const { auth } = await openAuth();
    const planted = `${auth.cookieName}=${newToken("session")}`;
    const cookie = await logIn(auth, { cookie: planted });
    assert.notEqual(cookie, planted);
    assert.equal(identityOf(auth, planted), null);
  });

  it("[T17] a cookie that came twice is refused", async () => {
    const { auth } = await openAuth();
    const cookie = await logIn(auth);
    const twice = auth.identify({ cookie: `${cookie}; ${cookie}x`, authorization: undefined });
    assert.deepEqual(twice, { ok: false, reason: "ambiguous-cookie" });
  });

  it("[T13] a name never leads into an account that exists", async () => {
    const { auth } = await openAuth();
    const anna = identityOf(auth, await logIn(auth, { role: "admin", name: "Anna" }));
    const other = identityOf(auth, await logIn(auth, { role: "viewer", name: "Anna" }));
    const olga = identityOf(auth, await logIn(auth, { role: "viewer", name: "Olga" }));
    assert.notEqual(anna?.user.id, other?.user.id);
    assert.deepEqual([anna?.role(), other?.role(), olga?.role()], ["admin", "viewer", "viewer"]);
    assert.notEqual(olga?.user.id, "owner");
  });

  it("a name loses what could disguise it and is cut", async () => {
    const { auth } = await openAuth();
    const who = identityOf(auth, await logIn(auth, { role: "viewer", name: ` a\u202eb\u0000\n${"x".repeat(500)}` }));
    assert.equal(who?.user.name, `ab${"x".repeat(78)}`);
  });

  it("refuses an address after ten failures, for a minute", async () => {
    let now = 5_000;
    const { auth } = await openAuth({ now: () => now });
    const wrong = { token: "x", name: "", address: "10.0.0.1", cookie: undefined };
    for (let i = 0; i < 10; i += 1) await assert.rejects(auth.login(wrong), isCode("bad-token"));
    const token = auth.createLoginToken({ role: "admin", owner: true });
    await assert.rejects(auth.login({ ...wrong, token }), isCode("rate-limited"));
    await auth.login({ ...wrong, token: auth.createLoginToken({ role: "admin", owner: true }), address: "10.0.0.2" });
    now += 60_000;
    await auth.login({ ...wrong, token });
  });
});

describe("logins", () => {
  it("[3.5-auth] outlive the server, hashed, in a file for its owner alone", async () => {
    const { auth, stateDir } = await openAuth();
    const cookie = await logIn(auth);
    const file = join(stateDir, "auth.json");
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.ok(!(await readFile(file, "utf8")).includes(cookie.split("=")[1] ?? ""));
    const { auth: later } = await openAuth({ stateDir });
    assert.equal(identityOf(later, cookie)?.role(), "admin");
  });

  it("run out", async () => {
    let now = 0;
    const { auth } = await openAuth({ now: () => now, loginLifetimeMs: 1000 });
    const cookie = await logIn(auth);
    const identity = identityOf(auth, cookie);
    now = 1000;
    assert.equal(identity?.role(), null);
    assert.equal(identityOf(auth, cookie), null);
  });

  it("[T13] a role is looked up at every use and its loss is told", async () => {
    const { auth } = await openAuth();
    const identity = identityOf(auth, await logIn(auth, { role: "viewer" }));
    assert.ok(identity);
    let told = 0;
    auth.onAccessLost(() => {
      told += 1;
    });
    await auth.setRole(identity.user.id, "editor");
    assert.equal(identity.role(), "editor");
    await auth.setRole(identity.user.id, null);
    assert.equal(identity.role(), null);
    assert.equal(told, 2);
  });

  it("end at logout", async () => {
    const { auth } = await openAuth();
    const cookie = await logIn(auth);
    const identity = identityOf(auth, cookie);
    assert.match(await auth.logout(cookie), /=; .*Max-Age=0/);
    assert.equal(identity?.role(), null);
  });

  it("a file that cannot be read is set aside and not followed", async () => {
    const stateDir = await mkdtemp(join(dir, "broken-"));
    await writeFile(join(stateDir, "auth.json"), '{"version":1,"users":[{"id":"x","role":"god"}]}');
    const { unreadable } = await openAuth({ stateDir });
    assert.equal(unreadable, join(stateDir, "auth.json.unreadable"));
  });
});

describe("API tokens", () => {
  it("[3.5-auth] come from a file that only its owner reads", async () => {
    const tokenFile = join(dir, "token");
    await writeFile(tokenFile, "a-token-of-my-own-choice\n", { mode: 0o600 });
    const { auth } = await openAuth({ tokenFile });
    for (const scheme of ["token", "Token", "Bearer"]) {
      const who = auth.identify({ cookie: undefined, authorization: `${scheme} a-token-of-my-own-choice` });
      assert.equal(who.ok && who.identity?.role(), "admin");
    }
    await chmod(tokenFile, 0o644);
    await assert.rejects(openAuth({ tokenFile }), isCode("token-file-refused"));
    await chmod(tokenFile, 0o600);
    await writeFile(tokenFile, "short");
    await assert.rejects(openAuth({ tokenFile }), isCode("token-file-refused"));
    await assert.rejects(openAuth({ tokenFile: join(dir, "absent") }), isCode("token-file-refused"));
  });

  it("a wrong, empty or foreign Authorization is an error and never falls back to the cookie", async () => {
    const { auth } = await openAuth();
    const cookie = await logIn(auth);
    for (const authorization of ["token wrong", "", "token", "Basic b3duZXI6", "token a b"]) {
      assert.deepEqual(auth.identify({ cookie, authorization }), { ok: false, reason: "bad-token" }, authorization);
    }
  });
});

describe("cookies", () => {
  it("are named by folder, and take the __Host- prefix over https", async () => {
    assert.notEqual(cookieName("/a", false), cookieName("/b", false));
    const { auth } = await openAuth({ secure: true });
    assert.match(auth.cookieName, /^__Host-opsbook-[0-9a-f]{12}$/);
    const token = auth.createLoginToken({ role: "admin", owner: true });
    const header = await auth.login({ token, name: "", address: "::1", cookie: undefined });
    assert.match(header, /; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/);
  });

  it("are found among others, whole names only", () => {
    assert.equal(readCookie("a=1; bb=2;b=3=4", "b"), "3=4");
    assert.equal(readCookie("xb=1; junk; =2", "b"), null);
    assert.equal(readCookie(undefined, "b"), null);
  });
});

describe("the log scrubber", () => {
  it("[T1] masks our tokens wherever they stand, and given ones as they are and encoded", () => {
    const scrubber = new Scrubber();
    scrubber.add("p@ss word/secret");
    const token = newToken("session");
    const dirty = [
      `{"referer":"http://x/login?token=abc&x=1"}`,
      `cookie: opsbook-1=${token}`,
      `"authorization":"token s3cr3t"`,
      "p@ss word/secret",
      encodeURIComponent("p@ss word/secret"),
    ].join("\n");
    const clean = scrubber.scrub(dirty);
    for (const secret of ["abc", token, "s3cr3t", "secret", "p%40ss"]) assert.ok(!clean.includes(secret), clean);
    assert.match(clean, /&x=1"/);
  });
});
