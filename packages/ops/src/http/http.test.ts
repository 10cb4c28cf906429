import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { z } from "zod";
import { type Nginx, startNginx } from "../../../../scripts/components/nginx.ts";
import { GuardError } from "../core/guard.ts";
import { Secret } from "../core/secret.ts";
import { rejection } from "../core/testing.ts";
import { HttpError } from "./error.ts";
import { http } from "./index.ts";

const SITE = `
  location = /json { default_type application/json; return 200 '{"hello": 5}'; }
  location = /gone { return 404 "no such thing"; }
  location = /broken { return 500 "it broke"; }
  location = /limited { return 429 "slow down"; }
  location = /there { return 302 /json; }
  location = /circle { return 302 /circle; }
  location = /latin { charset iso-8859-1; default_type text/plain; return 200 "ok"; }
  location /files/ { alias @FOLDER@/; }
`;

const FUTURE = "20990101000000Z";

const nginx = await nginxOrUndefined();

async function nginxOrUndefined(): Promise<Nginx | undefined> {
  try {
    return await startNginx({ server: SITE, files: { large: "x".repeat(3_000_000), "bad.txt": "ok" } });
  } catch (error) {
    if (!(error instanceof Error) || !("missing" in error) || process.env.CI === "true") throw error;
    return undefined;
  }
}

describe("http against a real nginx", { skip: nginx === undefined ? "needs nginx-light" : false }, () => {
  if (nginx === undefined) return;
  after(() => nginx[Symbol.asyncDispose]());

  test("[part of 7.2-json] JSON in one step, checked by a schema", async () => {
    assert.deepEqual(await http.get(`${nginx.url}/json`).json(), { hello: 5 });
    const schema = z.object({ hello: z.number() });
    const value: { hello: number } = await http.get(`${nginx.url}/there`).json(schema);
    assert.deepEqual(value, { hello: 5 });
    await assert.rejects(http.get(`${nginx.url}/json`).json(z.object({ hello: z.string() })), z.ZodError);
    const error = await rejection(http.get(`${nginx.url}/latin`).json(), HttpError);
    assert.equal(error.code, "invalid-json");
    assert.match(error.message, /begins with "ok"/);
  });

  test("[part of 7.2-errors] a status other than 2xx rejects with what the server said", async () => {
    for (const [path, status, said] of [
      ["/gone", 404, "no such thing"],
      ["/broken", 500, "it broke"],
      ["/limited", 429, "slow down"],
    ] as const) {
      const error: HttpError = await rejection(http.get(nginx.url + path, { retries: 0 }), HttpError);
      assert.deepEqual(
        [error.code, error.status, error.excerpt, error.url],
        ["status", status, said, nginx.url + path],
      );
      assert.match(error.message, new RegExp(`GET .*${path}: ${status} .* after \\d+ ms: ${said}`));
      assert.equal((await http.get(nginx.url + path, { retries: 0 }).nothrow()).status, status);
    }
    assert.equal((await rejection(http.get(`${nginx.url}/circle`), HttpError)).code, "redirect");
  });

  test("[part of 7.1-client] a client closes its connections when it is disposed", async () => {
    {
      await using api = http.client({ baseUrl: `${nginx.url}/` });
      const first = await api.get("json");
      const second = await api.get("/json");
      assert.deepEqual([first.timings.reused, second.timings.reused, second.ok], [false, true, true]);
      assert.ok(first.timings.tcp > 0 && first.timings.total >= first.timings.ttfb);
    }
    const log = readFileSync(join(nginx.folder, "access.log"), "utf8");
    assert.match(log, /opsbook\/0\.1/);
  });

  test("[part of 7.2-errors] a large body streams and is given up when the loop is left", async () => {
    let bytes = 0;
    for await (const chunk of http.get(`${nginx.url}/files/large`).stream()) bytes += chunk.length;
    assert.equal(bytes, 3_000_000);
    for await (const chunk of http.get(`${nginx.url}/files/large`).stream()) {
      assert.ok(chunk.length > 0);
      break;
    }
    await assert.rejects(async () => {
      for await (const _ of http.get(`${nginx.url}/gone`).stream());
    }, HttpError);
    assert.equal((await http.head(`${nginx.url}/files/large`)).headers.get("content-length"), "3000000");
  });
});

describe("http against servers that misbehave", () => {
  test("[part of 7.2-retry] a lost connection is tried again for what may be repeated", async () => {
    let asked = 0;
    await using server = await listen((request, response) => {
      asked += 1;
      if (asked < 3) request.socket.destroy();
      else response.end("there");
    });
    const response = await http.get(server.url);
    assert.deepEqual([response.text(), response.attempts, asked], ["there", 3, 3]);
    asked = 0;
    assert.equal((await http.put(server.url, { body: "x" })).attempts, 3);
  });

  test("[part of 7.2-retry] a body that breaks off in the middle is fetched again", async () => {
    let asked = 0;
    await using server = await listen((_, response) => {
      asked += 1;
      response.writeHead(200, { "content-length": "10" });
      if (asked > 1) return void response.end("0123456789");
      response.write("01234", () => response.destroy());
    });
    assert.equal(await http.get(server.url).text(), "0123456789");
  });

  test("[7.2-post-replay] POST and PATCH are never repeated, and the error says what may have happened", async () => {
    let asked = 0;
    await using server = await listen((request) => {
      asked += 1;
      request.socket.destroy();
    });
    for (const call of [http.post(server.url, { json: { a: 1 } }), http.patch(server.url, { body: "x" })]) {
      const error = await rejection(call, HttpError);
      assert.deepEqual([error.code, error.mayHaveBeenApplied], ["reset", true]);
      assert.match(error.message, /may have been applied/);
    }
    assert.equal(asked, 2);
  });

  test("[7.1-no-global] bare calls share no cookies", async () => {
    const cookies: (string | undefined)[] = [];
    await using server = await listen((request, response) => {
      cookies.push(request.headers.cookie);
      response.setHeader("set-cookie", "session=1").end();
    });
    await http.get(server.url);
    await http.get(server.url);
    assert.deepEqual(cookies, [undefined, undefined]);
  });

  test("[part of 7.4-basic] credentials stay with the origin they are for", async () => {
    const seen: Record<string, string | undefined> = {};
    const listener = (name: string) => (request: IncomingMessage) => {
      seen[name] = request.headers.authorization;
    };
    await using second = await listen((request, response) => {
      listener("second")(request);
      response.end("second");
    });
    await using first = await listen((request, response) => {
      listener("first")(request);
      response.writeHead(302, { location: second.url }).end();
    });
    const secret = new Secret("correct horse", "password");
    await using api = http.client({
      baseUrl: first.url,
      auth: http.basic("me", secret),
      headers: { authorization: undefined },
    });
    assert.equal(await api.get("/").text(), "second");
    assert.deepEqual(seen, { first: `Basic ${btoa("me:correct horse")}`, second: undefined });
    await api.get(second.url);
    assert.equal(seen.second, undefined);
    assert.throws(() => http.get("http://me:pass@127.0.0.1/"), GuardError);
  });

  test("[part of 7.2-errors] secrets that a server echoes do not get into the error", async () => {
    await using server = await listen((request, response) => {
      response.writeHead(403).end(`no: ${request.headers["x-key"]} ${request.url}`);
    });
    const key = new Secret("k3y-with-meaning", "key");
    const error = await rejection(http.get(server.url, { headers: { "x-key": key }, query: { key } }), HttpError);
    assert.doesNotMatch(error.message + error.excerpt, /k3y/);
    assert.match(error.excerpt, /Secret\(key\)/);
  });

  test("[part of 7.2-errors] no connection, no name, no answer and an interrupt have codes of their own", async () => {
    await using deaf = await listen(() => {});
    const closed = await listen(() => {});
    await closed[Symbol.asyncDispose]();
    const code = async (call: PromiseLike<unknown>) => (await rejection(call, HttpError)).code;
    assert.equal(await code(http.get(closed.url)), "refused");
    assert.equal(await code(http.get("http://no-such-host.invalid/")), "dns");
    assert.equal(await code(http.get(deaf.url, { timeout: 200 })), "timeout");
    assert.equal(await code(http.get(deaf.url, { signal: AbortSignal.timeout(50) })), "aborted");
    assert.throws(() => http.get("/relative"), HttpError);
    assert.throws(() => http.get("file:///etc/passwd"), HttpError);
  });

  test("[part of 7.2-errors] two calls made one after the other run together", async () => {
    const waiting: (() => void)[] = [];
    await using server = await listen((_, response) => {
      waiting.push(() => response.end("x"));
      if (waiting.length === 2) for (const answer of waiting) answer();
    });
    const first = http.get(server.url);
    const second = http.get(server.url);
    assert.deepEqual([await first.text(), await second.text()], ["x", "x"]);
  });
});

describe("http over TLS", { skip: nginx === undefined ? "needs nginx-light" : false }, () => {
  const folderName = join(tmpdir(), "opsbook-tls-");
  const server =
    "ssl_certificate @FOLDER@/cert.pem; ssl_certificate_key @FOLDER@/key.pem; location / { return 200 ok; }";

  test("[7.3-verify] a certificate nobody signed, of another name or out of its time is refused by name", async () => {
    await using folder = await mkdtempDisposable(folderName);
    const cases = [
      { subject: "localhost", end: FUTURE, trusted: false, code: "tls-unknown-issuer" },
      { subject: "other.example", end: FUTURE, trusted: true, code: "tls-wrong-name" },
      { subject: "localhost", end: "20200102000000Z", trusted: true, code: "tls-expired" },
    ] as const;
    for (const { subject, end, trusted, code } of cases) {
      const files = selfSigned(folder.path, subject, end);
      await using site = await startNginx({ server, tls: true, files });
      await using api = http.client({
        baseUrl: `https://localhost:${site.port}`,
        ...(trusted ? { ca: files["cert.pem"] } : {}),
      });
      assert.equal((await rejection(api.get("/"), HttpError)).code, code);
    }
  });

  test("[part of 7.3-verify-off] a self-signed server is reached by trusting it, and by no switch", async () => {
    await using folder = await mkdtempDisposable(folderName);
    const files = selfSigned(folder.path, "localhost", FUTURE);
    await using site = await startNginx({ server, tls: true, files });
    await using trusting = http.client({ baseUrl: `https://localhost:${site.port}`, ca: files["cert.pem"] });
    const response = await trusting.get("/");
    assert.equal(response.text(), "ok");
    assert.ok(response.timings.tls > 0);
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    try {
      const error = await rejection(http.get(`https://localhost:${site.port}`), HttpError);
      assert.equal(error.code, "tls-unknown-issuer");
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  });

  test("[7.3-client-cert] a client certificate is shown, and a key that others can read refused", async () => {
    await using folder = await mkdtempDisposable(folderName);
    const files = selfSigned(folder.path, "localhost", FUTURE);
    const asking = `${server.replace("return 200 ok", "return 200 $ssl_client_s_dn")} ssl_client_certificate @FOLDER@/cert.pem; ssl_verify_client on;`;
    await using site = await startNginx({ server: asking, tls: true, files });
    const base = { baseUrl: `https://localhost:${site.port}`, ca: files["cert.pem"] };
    const key = join(folder.path, "key.pem");
    await using anonymous = http.client(base);
    assert.equal((await rejection(anonymous.get("/"), HttpError)).status, 400);
    await using named = http.client({ ...base, cert: join(folder.path, "cert.pem"), key });
    assert.equal(await named.get("/").text(), "CN=localhost");
    chmodSync(key, 0o640);
    await using open = http.client({ ...base, cert: join(folder.path, "cert.pem"), key });
    assert.match((await rejection(open.get("/"), GuardError)).message, /chmod 0600/);
  });
});

function selfSigned(folder: string, name: string, end: string): { "cert.pem": string; "key.pem": string } {
  const at = (file: string) => join(folder, file);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe", cwd: folder });
  openssl(
    "req",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    "key.pem",
    "-out",
    "request.pem",
    "-subj",
    `/CN=${name}`,
  );
  writeFileSync(at("index.txt"), "");
  writeFileSync(at("serial"), `${randomBytes(8).toString("hex")}\n`);
  writeFileSync(at("extensions"), `subjectAltName=DNS:${name}\n`);
  const policy = "[policy]\ncommonName=supplied\n";
  const settings =
    "database=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=policy\nunique_subject=no\n";
  writeFileSync(at("ca.conf"), `[ca]\ndefault_ca=own\n[own]\n${settings}${policy}`);
  const dates = ["-startdate", "20200101000000Z", "-enddate", end];
  const files = ["-keyfile", "key.pem", "-in", "request.pem", "-out", "cert.pem", "-extfile", "extensions"];
  openssl("ca", "-batch", "-selfsign", "-notext", "-config", "ca.conf", ...files, ...dates);
  chmodSync(at("key.pem"), 0o600);
  return { "cert.pem": readFileSync(at("cert.pem"), "utf8"), "key.pem": readFileSync(at("key.pem"), "utf8") };
}

async function listen(listener: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: close };
}
