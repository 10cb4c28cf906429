import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { loginUrl } from "./account-handlers.ts";
import { openSocket, startTestServer, type TestServer } from "./testing.ts";

const NGINX = ["/usr/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"].find(existsSync);

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** A certificate authority, a server certificate for ops.localhost, and a client's. */
function certificates(dir: string): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
  const request = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(...request, "-x509", "-days", "2", "-subj", "/CN=test-ca", "-keyout", "ca.key", "-out", "ca.crt");
  for (const name of ["server", "client"]) {
    openssl(...request, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
    const sign = ["x509", "-req", "-days", "2", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl(...sign, "-in", `${name}.csr`, "-out", `${name}.crt`);
  }
}

describe("behind a real nginx with TLS and client certificates", {
  skip: NGINX ? false : "nginx is not installed",
}, () => {
  let dir: string;
  let server: TestServer;
  let base: string;
  let stop: () => Promise<void>;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "opsbook-nginx-"));
    await mkdir(join(dir, "tmp"));
    certificates(dir);
    const port = await freePort();
    base = `https://ops.localhost:${port}`;
    server = await startTestServer({ baseUrl: base, behindProxy: true });
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${dir}/tmp;`,
    );
    await writeFile(
      join(dir, "nginx.conf"),
      `daemon off; pid ${dir}/nginx.pid; error_log ${dir}/error.log info;
events {}
http { ${temporary.join(" ")}
  access_log ${dir}/access.log combined;
  server { listen 127.0.0.1:${port} ssl; server_name ops.localhost;
    ssl_certificate server.crt; ssl_certificate_key server.key;
    ssl_client_certificate ca.crt; ssl_verify_client on;
    location / { proxy_pass http://127.0.0.1:${server.port}; proxy_http_version 1.1;
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection; } } }`,
    );
    const nginx = spawn(NGINX ?? "", ["-p", dir, "-c", join(dir, "nginx.conf")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const ended = new Promise<void>((resolve) => nginx.on("close", () => resolve()));
    stop = async () => {
      nginx.kill("SIGTERM");
      await ended;
    };
    while (nginx.exitCode === null && (await curl("/healthz")).status === 0);
  });
  after(async () => {
    await stop?.();
    await server?.[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  /** Status 0: no connection. */
  async function curl(
    path: string,
    args: string[] = [],
    certificate = true,
  ): Promise<{ status: number; headers: string }> {
    const client = certificate ? ["--cert", "client.crt", "--key", "client.key"] : [];
    const common = ["-sk", "--max-time", "10", "-o", "/dev/null", "-D", "-", "-w", "%{http_code}", ...client];
    const child = spawn("curl", [...common, ...args, `${base}${path}`], {
      cwd: dir,
      stdio: ["ignore", "pipe", "ignore"],
    });
    let headers = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      headers += text;
    });
    await new Promise((resolve) => child.on("close", resolve));
    return { status: Number(headers.slice(-3)), headers };
  }

  it("[3.5-auth] [T1] login works and its token is in neither log", async () => {
    const token = server.auth.createLoginToken({ role: "admin", owner: true });
    const url = new URL(loginUrl(base, token, { askName: false }));
    assert.equal((await curl(`${url.pathname}${url.search}`)).status, 200);
    const login = await curl("/login", ["-H", `Origin: ${base}`, "-d", `token=${token}`]);
    assert.equal(login.status, 303, login.headers);
    assert.match(
      login.headers,
      /set-cookie: __Host-opsbook-\w+=\S+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure/i,
    );
    const cookie = /set-cookie: ([^;]+)/i.exec(login.headers)?.[1] ?? "";
    assert.equal((await curl("/api/me", ["-H", `Cookie: ${cookie}`])).status, 200);
    assert.equal((await curl("/api/me", ["-H", `Cookie: ${cookie}`, "-H", "Origin: https://evil.test"])).status, 403);
    const logs = (await readFile(join(dir, "access.log"), "utf8")) + server.logged();
    assert.match(logs, /GET \/login/);
    assert.doesNotMatch(logs, /obk_/);
  });

  it("[3.5-exposure] nobody without a client certificate gets as far as us", async () => {
    const before = server.logged().length;
    assert.equal((await curl("/healthz", [], false)).status, 400);
    assert.equal(server.logged().length, before);
  });

  it("[3.5-exposure] the cookie of the proxy's name is no way round it by the proxy's address", async () => {
    const { cookie } = await server.login("admin");
    const path = `ws://127.0.0.1:${server.port}/api/opsbook/sessions/x/socket`;
    const status = async (headers: Record<string, string>) => (await openSocket(path, headers)).status;
    assert.equal(await status({ cookie, host: new URL(base).host, origin: "https://evil.test" }), 403);
    assert.equal(await status({ cookie, host: new URL(base).host, origin: base }), 404, "only the session is missing");
  });
});
