import assert from "node:assert/strict";
import { mkdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { loginUrl } from "./account-handlers.ts";
import { safeNext } from "./pages.ts";
import { startTestServer, type TestServer } from "./testing.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server[Symbol.asyncDispose]());

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
const postLogin = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  server.ask("/login", { method: "POST", headers: { ...FORM, origin: server.origin, ...headers }, body: form(fields) });
const newToken = () => server.auth.createLoginToken({ role: "editor", owner: false });

describe("login over HTTP", { timeout: 60_000 }, () => {
  it("[T1] [3.5-auth] a GET burns nothing; the post works once", async () => {
    const token = newToken();
    for (let i = 0; i < 3; i += 1) {
      const page = await server.ask(`/login?token=${token}`);
      assert.equal(page.status, 200);
      assert.equal(page.cookie, "");
      assert.ok(page.body.includes(token));
    }
    const first = await postLogin({ token, name: "Nora" });
    assert.deepEqual([first.status, first.headers.location], [303, "/"]);
    const me = await server.ask("/api/me", { headers: { cookie: first.cookie } });
    const { identity, role } = JSON.parse(me.body) as { identity: Record<string, string>; role: string };
    assert.deepEqual([identity.name, identity.display_name, identity.initials, role], ["Nora", "Nora", "N", "editor"]);
    assert.equal((await postLogin({ token })).status, 401);
  });

  it("[3.5-auth] the printed URL keeps the token out of requests, Referer and proxy logs", async () => {
    const url = new URL(loginUrl(server.origin, "obk_login_x", { askName: false }));
    assert.deepEqual([url.pathname, url.search, url.hash], ["/login", "", "#token=obk_login_x"]);
    const page = await server.ask("/login");
    assert.equal(page.headers["referrer-policy"], "strict-origin");
    assert.match(
      page.headers["content-security-policy"] ?? "",
      /script-src 'nonce-[A-Za-z0-9+/]{24}' 'strict-dynamic'/,
    );
    assert.equal(page.headers["cache-control"], "no-store");
  });

  it("[T17] a login posted by another page is refused and burns nothing", async () => {
    const token = newToken();
    for (const origin of ["http://evil.test", "null"])
      assert.equal((await postLogin({ token }, { origin })).status, 403);
    assert.equal((await postLogin({ token })).status, 303);
  });

  it("[T17] the page after the login is one of ours", async () => {
    const elsewhere = [
      "//evil.test",
      "/\\evil.test",
      "https://evil.test",
      "/.//evil.test",
      "javascript:alert(1)",
      "/\t/evil",
    ];
    for (const next of [...elsewhere, "", "/login?next=/login", "//", "\\\\evil", "/%09//evil.test/.."]) {
      const location = safeNext(next);
      assert.ok(location.startsWith("/") && !location.startsWith("//"), `${next} -> ${location}`);
      assert.equal(new URL(location, server.origin).origin, server.origin, next);
      assert.doesNotMatch(location, /^\/login/);
    }
    assert.equal(safeNext("/?notebook=a%2Fb.ipynb#cell"), "/?notebook=a%2Fb.ipynb#cell");
    const answer = await postLogin({ token: newToken(), next: "//evil.test" });
    assert.equal(answer.headers.location, "/");
    assert.match((await server.ask("/login?next=%22%3E%3Cscript%3Ealert(1)")).body, /value="\/"/);
  });

  it("a wrong token says what to do, as a page or as JSON", async () => {
    const page = await postLogin({ token: "<script>x" }, { accept: "text/html" });
    assert.equal(page.status, 401);
    assert.match(page.body, /opsbook list/);
    assert.doesNotMatch(page.body, /<script>x/);
    const json = await postLogin({ token: "x" }, { accept: "application/json" });
    assert.equal((JSON.parse(json.body) as { reason: string }).reason, "bad-token");
    assert.equal((await postLogin({})).status, 400);
    assert.equal((await postLogin({ token: "x".repeat(10_000_000) })).status, 413);
  });

  it("[T1] no token reaches the log, not even when a request fails inside", async () => {
    await using broken = await startTestServer();
    const token = broken.auth.createLoginToken({ role: "admin", owner: true });
    const api = broken.auth.createApiToken();
    const { cookie } = await broken.login("admin");
    Object.assign(broken.runtime, {
      kernelspecs: () => Promise.reject(new Error(`failed for ${broken.origin}/login?token=${token} with ${cookie}`)),
    });
    const failed = await broken.ask("/api/kernelspecs", { headers: { authorization: `token ${api}` } });
    assert.equal(failed.status, 500);
    assert.doesNotMatch(failed.body, /failed for|obk_/);
    await broken.ask(`/login?token=${token}`, { headers: { referer: `${broken.origin}/login?token=${token}` } });
    await broken.ask("/api/me", { headers: { cookie } });
    assert.match(broken.logged(), /failed for/);
    for (const secret of [token, api, cookie.split("=")[1] ?? ""]) assert.ok(!broken.logged().includes(secret));
  });

  it("[3.5-exposure] failed logins count against the address the proxy saw, when there is one", async () => {
    await using proxied = await startTestServer({ behindProxy: true });
    const attempt = (address: string) => {
      const headers = { "content-type": "application/json", "x-forwarded-for": `203.0.113.9, ${address}` };
      return proxied.ask("/login", { method: "POST", headers, body: '{"token":"x"}' });
    };
    for (let i = 0; i < 10; i += 1) assert.equal((await attempt("198.51.100.1")).status, 401);
    const refused = await attempt("198.51.100.1");
    assert.deepEqual([refused.status, refused.headers["retry-after"]], [429, "60"]);
    assert.equal((await attempt("198.51.100.2")).status, 401);
    await using lone = await startTestServer();
    for (let i = 0; i < 10; i += 1) {
      const headers = { "content-type": "application/json", "x-forwarded-for": `198.51.100.${i}` };
      await lone.ask("/login", { method: "POST", headers, body: JSON.stringify({ token: "x" }) });
    }
    const last = await lone.ask("/login", { method: "POST", headers: FORM, body: "token=x" });
    assert.equal(last.status, 429, "without a proxy the header counts for nothing");
  });

  it("logout ends the login", async () => {
    const { cookie } = await server.login("viewer");
    const headers = { cookie, origin: server.origin };
    assert.equal((await server.ask("/api/opsbook/logout", { method: "POST", headers })).status, 204);
    assert.equal((await server.ask("/api/me", { headers })).status, 401);
  });

  it("[T13] an admin makes a link for a colleague, with the role it says", async () => {
    const link = await server.as("admin", "/api/opsbook/login-links", { method: "POST", json: { role: "viewer" } });
    const { url } = JSON.parse(link.body) as { url: string };
    const token = new URLSearchParams(new URL(url).hash.slice(1)).get("token") ?? "";
    const answer = await postLogin({ token, name: "Vera" });
    const { cookie } = answer;
    const me = JSON.parse((await server.ask("/api/me", { headers: { cookie } })).body) as { role: string };
    assert.equal(me.role, "viewer");
  });
});

describe("the web app", { timeout: 60_000 }, () => {
  const dist = () => join(server.root, "..", "web");

  it("is missed with a page that says what to do, then served as soon as it is built", async () => {
    const html = { headers: { accept: "text/html" } };
    const missing = await server.as("viewer", "/", html);
    assert.deepEqual([missing.status, /npm run build/.test(missing.body)], [503, true]);
    await mkdir(join(dist(), "assets"), { recursive: true });
    await writeFile(join(dist(), "assets", "main-AbCd1234.js"), `console.log("${"x".repeat(2000)}")`);
    await writeFile(join(dist(), "favicon.svg"), "<svg/>");
    await writeFile(join(dist(), "..", "outside.txt"), "outside");
    await writeFile(
      join(dist(), "index.html"),
      '<meta property="csp-nonce" nonce="__CSP_NONCE__"><script type="module" src="./assets/main-AbCd1234.js"></script>',
    );
    const [one, two] = [await server.as("viewer", "/", html), await server.as("viewer", "/", html)];
    assert.equal(one.status, 200);
    const nonceOf = ({ headers }: typeof one) => /'nonce-([^']+)'/.exec(headers["content-security-policy"] ?? "")?.[1];
    const nonce = nonceOf(one) ?? "";
    assert.equal(one.body.split(`nonce="${nonce}"`).length, 3);
    assert.notEqual(nonce, nonceOf(two));
    assert.deepEqual([one.headers.etag, one.headers["cache-control"]], [undefined, "no-store"]);
  });

  it("has its hashed files cached for ever, compressed, and nothing from beside it", async () => {
    const asset = await server.ask("/assets/main-AbCd1234.js");
    assert.equal(asset.status, 200);
    assert.equal(asset.headers["cache-control"], "public, max-age=31536000, immutable");
    assert.equal(asset.headers["content-type"], "text/javascript; charset=utf-8");
    const gzip = await fetch(`${server.origin}/assets/main-AbCd1234.js`, { headers: { "accept-encoding": "gzip" } });
    assert.equal(gzip.headers.get("content-encoding"), "gzip");
    assert.equal(await gzip.text(), asset.body);
    const etag = gzip.headers.get("etag") ?? "";
    const again = await server.ask("/assets/main-AbCd1234.js", {
      headers: { "if-none-match": etag, "accept-encoding": "gzip" },
    });
    assert.equal(again.status, 304);
    for (const path of ["/assets/../../outside.txt", "/assets/%2e%2e%2foutside.txt", "/outside.txt", "/index.html"]) {
      assert.equal((await server.ask(path)).status, 404, path);
    }
    assert.equal((await server.ask("/favicon.svg")).headers["cache-control"], "no-cache");
  });

  it("is read again after a build", async () => {
    await writeFile(join(dist(), "index.html"), "<title>second</title>");
    await utimes(join(dist(), "index.html"), new Date(), new Date(Date.now() + 5000));
    assert.match((await server.as("viewer", "/")).body, /second/);
  });
});

describe("sessions", { timeout: 60_000 }, () => {
  const open = (path: string) => server.as("editor", "/api/opsbook/sessions", { method: "POST", json: { path } });

  it("open by path, the same one for the same path", async () => {
    await server.as("editor", "/api/contents/a.ipynb", { method: "PUT", json: { type: "notebook", content: EMPTY } });
    const [one, two] = [await open("a.ipynb"), await open("/a.ipynb")];
    assert.equal(one.status, 201, one.body);
    assert.deepEqual(JSON.parse(one.body), JSON.parse(two.body));
    const listed = JSON.parse((await server.as("viewer", "/api/opsbook/sessions")).body) as unknown[];
    assert.deepEqual(listed, [JSON.parse(one.body)]);
  });

  it("an invalid notebook is told with its place; others with their reason", async () => {
    await writeFile(join(server.root, "bad.ipynb"), '{\n "cells": [\n');
    const bad = await open("bad.ipynb");
    const { reason, message, line, column } = JSON.parse(bad.body) as Record<string, unknown>;
    assert.deepEqual(
      [bad.status, reason, typeof message, typeof line, typeof column],
      [422, "invalid-notebook", "string", "number", "number"],
    );
    await writeFile(join(server.root, "t.txt"), "x");
    assert.deepEqual([(await open("t.txt")).status, (await open("absent.ipynb")).status], [409, 404]);
    assert.equal((await open("../a.ipynb")).status, 400);
  });

  it("[T6] rich HTML is a document of its own without our origin; text is a download", async () => {
    const html = "<b>bold</b><script>parent.document.cookie</script>";
    const cells = [
      {
        ...{ cell_type: "code", id: "c1", metadata: {}, source: "", execution_count: 1 },
        outputs: [
          { output_type: "display_data", data: { "text/html": html }, metadata: {} },
          { output_type: "stream", name: "stdout", text: "0123456789" },
        ],
      },
    ];
    const content = { ...EMPTY, cells };
    await server.as("editor", "/api/contents/rich.ipynb", { method: "PUT", json: { type: "notebook", content } });
    const { id } = JSON.parse((await open("rich.ipynb")).body) as { id: string };
    const [display, stream] = server.sessions.session(id)?.state.notebook.cells[0]?.outputs ?? [];
    const frame = await server.as("viewer", `/api/opsbook/sessions/${id}/frames/${display?.id}`);
    assert.equal(frame.status, 200);
    assert.match(frame.headers["content-security-policy"] ?? "", /^sandbox allow-scripts; default-src 'none'/);
    assert.doesNotMatch(frame.headers["content-security-policy"] ?? "", /allow-same-origin/);
    assert.ok(frame.body.includes(html));
    const text = await server.as("viewer", `/api/opsbook/spools/${stream?.id}`, {
      headers: { range: "bytes=3-5" },
    });
    assert.deepEqual([text.status, text.body], [206, "345"]);
    assert.match(text.headers["content-disposition"] ?? "", /^attachment/);
    for (const path of [`frames/${stream?.id}`, "frames/nope"]) {
      assert.equal((await server.as("viewer", `/api/opsbook/sessions/${id}/${path}`)).status, 404, path);
    }
  });

  it("[T7] a blob is shown as a type that runs nothing, whatever is asked for", async () => {
    const image = Buffer.alloc(400_000, 7).toString("base64");
    const outputs = [{ output_type: "display_data", data: { "image/png": image }, metadata: {} }];
    const cells = [{ cell_type: "code", id: "c1", metadata: {}, source: "", execution_count: 1, outputs }];
    const json = { type: "notebook", content: { ...EMPTY, cells } };
    await server.as("editor", "/api/contents/blob.ipynb", { method: "PUT", json });
    const { id } = JSON.parse((await open("blob.ipynb")).body) as { id: string };
    const output = server.sessions.session(id)?.state.notebook.cells[0]?.outputs[0];
    const ref = /"\$blob":"([0-9a-f]{64})"/.exec(JSON.stringify(output))?.[1];
    assert.ok(ref, "large values are blobs");
    const types = {
      "image/png": "image/png",
      "text/html": "application/octet-stream",
      "text/javascript": "application/octet-stream",
    };
    for (const [asked, given] of Object.entries(types)) {
      const { headers, status } = await server.as(
        "viewer",
        `/api/opsbook/blobs/${ref}?type=${encodeURIComponent(asked)}`,
      );
      assert.deepEqual([status, headers["content-type"], headers["x-content-type-options"]], [200, given, "nosniff"]);
      assert.match(headers["content-security-policy"] ?? "", /^sandbox;/);
      assert.match(headers["cache-control"] ?? "", /immutable/);
    }
    for (const path of ["0".repeat(64), "..%2f..%2fauth.json", "x"]) {
      assert.equal((await server.as("viewer", `/api/opsbook/blobs/${path}`)).status, 404, path);
    }
  });
});

describe("the state folder", { timeout: 60_000 }, () => {
  it("[T1] keeps logins for its owner alone", async () => {
    await server.login("viewer");
    assert.equal((await stat(join(server.stateDir, "auth.json"))).mode & 0o777, 0o600);
    assert.doesNotMatch(await readFile(join(server.stateDir, "auth.json"), "utf8"), /obk_/);
  });
});

const EMPTY = { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 };
