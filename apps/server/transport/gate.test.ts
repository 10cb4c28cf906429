import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ROLES, type Role, roleIncludes } from "@opsbook/notebook/session";
import type { Application } from "express";
import { createHttpApp } from "./http-app.ts";
import { httpRoutes, socketRoutes } from "./routes.ts";
import type { Route, Services } from "./services.ts";
import { closed, openSocket, startTestServer, type TestServer } from "./testing.ts";

let server: TestServer;
let sessionId: string;
let terminal: string;
let kernel: string;
before(async () => {
  server = await startTestServer();
  const made = await server.as("editor", "/api/contents", { method: "POST", json: { type: "notebook" } });
  const { path } = JSON.parse(made.body) as { path: string };
  const opened = await server.as("editor", "/api/opsbook/sessions", { method: "POST", json: { path } });
  sessionId = (JSON.parse(opened.body) as { id: string }).id;
  kernel = (await server.runtime.startKernel({ spec: "typescript", cwd: server.root, label: "test" })).id;
  terminal = (await server.runtime.terminals.create({ cwd: server.root, cols: 80, rows: 24 })).name;
});
after(() => server[Symbol.asyncDispose]());

// The tables name their handlers but call none of them here.
const NO_SERVICES = {} as Services;
const ROUTES = httpRoutes(NO_SERVICES);
const SOCKETS = socketRoutes(NO_SERVICES);
const isUnsafe = (route: Route) => route.method !== "GET";

/** A path of this route whose handler finds nothing, so that a request that gets through changes nothing. */
function sample(route: Route): string {
  return route.path
    .replace("{/*path}", "/no-such-folder/x")
    .replace("*path", "no-such-folder/x")
    .replace(/:\w+/g, "no-such-thing");
}

function socketPath(path: string): string {
  return path.replace("/kernels/:id", `/kernels/${kernel}`).replace(":id", sessionId).replace(":name", terminal);
}

describe("the route table", { timeout: 60_000 }, () => {
  it("[T13] is all that Express has", () => {
    const app = createHttpApp(ROUTES, NO_SERVICES) as Application & {
      router: { stack: { name: string; route?: { path: string; stack: { method: string }[] } }[] };
    };
    const layers = app.router.stack;
    const registered = layers.flatMap(({ route }) =>
      route ? [...new Set(route.stack.map(({ method }) => `${method.toUpperCase()} ${route.path}`))] : [],
    );
    assert.deepEqual(
      registered,
      ROUTES.map(({ method, path }) => `${method} ${path}`),
    );
    const others = layers.filter(({ route }) => !route).map(({ name }) => name);
    assert.deepEqual(others, ["gate", "unknownRoute", "errors"]);
    assert.equal(layers[0]?.name, "gate");
  });

  it("[T13] has each route once and only these without a login", () => {
    const names = ROUTES.map(({ method, path }) => `${method} ${path}`);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(
      ROUTES.filter((route) => route.role === "public").map(({ method, path }) => `${method} ${path}`),
      [
        "GET /login",
        "POST /login",
        "GET /healthz",
        "GET /api/opsbook/healthz",
        "GET /api",
        "GET /assets/*path",
        "GET /:file",
      ],
    );
  });

  it("[T3] is answered by the one upgrade handler there is", () => {
    assert.equal(server.server.http.listenerCount("upgrade"), 1);
  });
});

describe("HTTP", { timeout: 60_000 }, () => {
  for (const route of ROUTES) {
    const name = `${route.method} ${route.path}`;
    const ask = (headers: Record<string, string>, as?: { body: string }) =>
      server.ask(sample(route), { method: route.method, headers, ...as });

    it(`[T4] ${name}: another host name gets 421`, async () => {
      for (const host of ["evil.test", `evil.test:${server.port}`, "127.0.0.1.evil.test", "localhost@evil.test"]) {
        assert.equal((await ask({ host })).status, 421, host);
      }
    });

    it(`[T2] ${name}: another origin gets 403`, async () => {
      const { cookie } = await server.login("admin");
      const foreign = [
        "http://evil.test",
        "null",
        `http://127.0.0.1:${server.port + 1}`,
        `http://localhost:${server.port}`,
        `https://127.0.0.1:${server.port}`,
        `http://127.0.0.1:${server.port}.evil.test`,
        "",
      ];
      for (const origin of foreign) assert.equal((await ask({ cookie, origin })).status, 403, origin);
      const page = { cookie, origin: server.origin };
      for (const site of ["cross-site", "same-site"]) {
        const status = (await ask({ ...page, "sec-fetch-site": site, "sec-fetch-mode": "cors" })).status;
        assert.equal(status, 403, site);
      }
    });

    if (route.role !== "public") {
      it(`[T13] ${name}: needs ${route.role}`, async () => {
        const anonymous = await ask({ accept: "application/json" });
        assert.equal(anonymous.status, 401);
        for (const role of ROLES) {
          // A login of its own, because one of the routes ends it.
          const { cookie } = await server.login(role);
          const page = { cookie, origin: server.origin };
          // A body that no handler takes, so that none starts anything.
          const status: number = isUnsafe(route)
            ? (await ask({ ...page, "content-type": "application/json" }, { body: "[]" })).status
            : (await ask(page)).status;
          // What follows behind the gate is the handler's: nothing there is called by these names.
          if (roleIncludes(role, route.role as Role)) assert.ok(status !== 401 && status !== 403, `${role} ${status}`);
          else assert.equal(status, 403, role);
        }
      });
    }

    if (isUnsafe(route)) {
      it(`[T2] ${name}: a cookie without Origin, or a body a form could send, gets 403`, async () => {
        const { cookie } = await server.login("admin");
        assert.equal((await ask({ cookie })).status, 403);
        const page = { cookie, origin: server.origin };
        const types = ["text/plain", "multipart/form-data", "text/plain;application/json", "application/jsonx"];
        if (route.path !== "/login") types.push("application/x-www-form-urlencoded");
        for (const type of types) {
          const { status } = await ask({ ...page, "content-type": type }, { body: "{}" });
          assert.equal(status, 403, type);
        }
        assert.equal((await ask(page, { body: "{}" })).status, 403, "no type");
      });
    }
  }

  it("[T4] loopback names are ours on any port, as SSH tunnels make them", async () => {
    for (const host of ["localhost:1234", "127.0.0.1:80", "[::1]:9", "LOCALHOST"]) {
      const { status } = await server.ask("/healthz", { headers: { host } });
      assert.equal(status, 200, host);
      const origin = `http://${host.toLowerCase()}`;
      const me = await server.as("viewer", "/api/me", { headers: { host, origin } });
      assert.equal(me.status, 200, host);
    }
  });

  it("[3.5-exposure] behind --base-url its host and origin count, and no other's", async () => {
    await using proxied = await startTestServer({ baseUrl: "https://ops.example.com" });
    const host = "ops.example.com";
    const with_ = (headers: Record<string, string>) => proxied.as("viewer", "/api/me", { headers });
    assert.equal((await with_({ host, origin: "https://ops.example.com" })).status, 200);
    assert.equal((await with_({ host, origin: "http://ops.example.com" })).status, 403);
    assert.equal((await with_({ host, origin: "https://x.ops.example.com" })).status, 403);
    assert.equal((await with_({ host: "ops.example.com:8443", origin: "https://ops.example.com" })).status, 421);
  });

  it("[T2] a program with a token needs no Origin and no content type", async () => {
    const authorization = `token ${server.auth.createApiToken()}`;
    const body = JSON.stringify({ type: "directory" });
    const made = await server.ask("/api/contents", { method: "POST", headers: { authorization }, body });
    assert.equal(made.status, 201, made.body);
    const wrong = await server.ask("/api/contents", { headers: { authorization: "token nonsense" } });
    assert.equal(wrong.status, 401);
  });

  it("a browser that is not logged in is led to the login page", async () => {
    const { status, headers } = await server.ask("/?a=b", { headers: { accept: "text/html" } });
    assert.deepEqual([status, headers.location], [303, "/login?next=%2F%3Fa%3Db"]);
  });

  it("[T9] bodies beyond their limit, compressed bodies and endless nesting are refused", async () => {
    const as = (body: string | Buffer, headers = {}) => {
      const json = { "content-type": "application/json", ...headers };
      return server.as("admin", "/api/opsbook/login-links", { method: "POST", body, headers: json });
    };
    assert.equal((await as(`"${"x".repeat(2 * 1024 * 1024)}"`)).status, 413);
    assert.equal((await as("{}", { "content-encoding": "gzip" })).status, 400);
    const deep = `{"role":${"[".repeat(400_000)}${"]".repeat(400_000)}}`;
    assert.equal((await as(deep)).status, 400);
    assert.equal((await as("{")).status, 400);
  });

  it("[T11] a body with __proto__ or constructor changes nobody's prototype", async () => {
    for (const body of ['{"__proto__":{"role":"admin"}}', '{"constructor":{"prototype":{"role":"admin"}}}']) {
      const headers = { "content-type": "application/json" };
      await server.as("admin", "/api/opsbook/login-links", { method: "POST", body, headers });
      await server.as("editor", "/api/contents/x.txt", { method: "PUT", body, headers });
      await server.as("viewer", "/api/me?__proto__[role]=admin&constructor.prototype.role=admin");
    }
    assert.equal(({} as { role?: unknown }).role, undefined);
  });
});

describe("sockets", { timeout: 60_000 }, () => {
  for (const { path, role, queryToken, maxPayload } of SOCKETS) {
    const open = (headers: Record<string, string>, query = "") =>
      openSocket(`ws://127.0.0.1:${server.port}${socketPath(path)}${query}`, headers);

    it(`[T3] ${path}: only our own page or a token gets in`, async () => {
      const { cookie } = await server.login("admin");
      const { origin } = server;
      const refused: [string, Record<string, string>, number][] = [
        ["no cookie", { origin }, 401],
        ["nothing", {}, 401],
        ["no Origin", { cookie }, 403],
        ["null", { cookie, origin: "null" }, 403],
        ["another site", { cookie, origin: "http://app.evil.com" }, 403],
        ["a name that ends like ours", { cookie, origin: `${origin}.evil.com` }, 403],
        ["another port", { cookie, origin: `http://127.0.0.1:${server.port + 1}` }, 403],
        ["cross-site by Fetch metadata", { cookie, origin, "sec-fetch-site": "cross-site" }, 403],
        ["a wrong token", { authorization: "token x" }, 401],
        [
          "a token and a cookie without Origin",
          { cookie, authorization: `token ${server.auth.createApiToken()}` },
          403,
        ],
        ["another host", { cookie, origin: "http://evil.test", host: "evil.test" }, 421],
      ];
      for (const [name, headers, status] of refused) assert.equal((await open(headers)).status, status, name);
      for (const headers of [{ cookie, origin }, { authorization: `token ${server.auth.createApiToken()}` }]) {
        const { ws, status } = await open(headers as Record<string, string>);
        assert.equal(status, 101);
        ws?.terminate();
      }
    });

    it(`[T3] ${path}: a token in the query ${queryToken ? "counts, a wrong one not" : "counts for nothing"}`, async () => {
      const { ws, status } = await open({}, `?token=${server.auth.createApiToken()}`);
      assert.equal(status, queryToken ? 101 : 401);
      ws?.terminate();
      assert.equal((await open({}, "?token=")).status, 401);
      assert.equal((await open({ origin: "http://evil.test" }, `?token=${server.auth.createApiToken()}`)).status, 403);
    });

    it(`[T13] ${path}: needs ${role}`, async () => {
      for (const one of ROLES) {
        const { cookie } = await server.login(one);
        const { ws, status } = await open({ cookie, origin: server.origin });
        assert.equal(status, roleIncludes(one, role) ? 101 : 403, one);
        ws?.terminate();
      }
    });

    it(`[T13] ${path}: closes when its owner loses the right`, async () => {
      const { cookie, userId } = await server.login("admin");
      const { ws } = await open({ cookie, origin: server.origin });
      assert.ok(ws);
      const code = closed(ws);
      await server.auth.setRole(userId, null);
      assert.equal(await code, 4001);
    });

    it(`[T10] ${path}: a giant frame gets 1009`, async () => {
      const { cookie } = await server.login("admin");
      const { ws } = await open({ cookie, origin: server.origin });
      assert.ok(ws);
      const code = closed(ws);
      ws.send(Buffer.alloc(maxPayload + 1));
      assert.equal(await code, 1009);
    });

    it(`[T10] ${path}: a flood of frames is cut off`, async () => {
      const { cookie } = await server.login("admin");
      const { ws } = await open({ cookie, origin: server.origin });
      assert.ok(ws);
      const code = closed(ws);
      for (let i = 0; i < 10_000; i += 1) ws.send('{"type":"ping","at":0}');
      assert.ok([1008, 4008].includes(await code));
    });
  }

  it("[T3] an unknown path is refused and destroyed", async () => {
    const { cookie } = await server.login("admin");
    const headers = { cookie, origin: server.origin };
    for (const path of [
      "/",
      "/socket",
      "/api/opsbook/sessions/x/socket/",
      "/api/me",
      "/API/opsbook/sessions/x/socket",
    ]) {
      const { status } = await openSocket(`ws://127.0.0.1:${server.port}${path}`, headers);
      assert.equal(status, 404, path);
    }
  });

  it("[T10] nothing is read before the login: bytes sent along with the handshake die with it", async () => {
    const socket = connect(server.port, "127.0.0.1");
    const ended = new Promise<string>((resolve) => {
      let text = "";
      socket.setEncoding("utf8").on("data", (data: string) => {
        text += data;
      });
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(text));
    });
    const path = socketPath("/api/opsbook/sessions/:id/socket");
    const lines = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
    const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    const head = [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${server.port}`, ...lines, key, "", ""].join("\r\n");
    socket.write(head);
    socket.write(Buffer.alloc(6 * 1024 * 1024));
    assert.match(await ended, /^HTTP\/1\.1 401 /);
  });

  it("[T13] a demotion closes the terminal that the new role may not see", async () => {
    const { cookie, userId } = await server.login("editor");
    const url = `ws://127.0.0.1:${server.port}${socketPath("/api/opsbook/terminals/:name/socket")}`;
    const { ws } = await openSocket(url, { cookie, origin: server.origin });
    assert.ok(ws);
    const code = closed(ws);
    await server.auth.setRole(userId, "viewer");
    assert.equal(await code, 4003);
  });
});

describe("answers", { timeout: 60_000 }, () => {
  it("carry the security headers on everything, errors too", async () => {
    await writeFile(join(server.root, "a.txt"), "a");
    for (const path of ["/login", "/api/me", "/nothing/here", "/api/contents/a.txt", "/files/a.txt", "/%zz"]) {
      const { headers } = await server.as("viewer", path);
      assert.equal(headers["x-content-type-options"], "nosniff", path);
      assert.equal(headers["cross-origin-opener-policy"], "same-origin", path);
      assert.equal(headers["cross-origin-resource-policy"], "same-origin", path);
      assert.match(headers["referrer-policy"] ?? "", /^(no-referrer|strict-origin)$/, path);
      assert.match(headers["content-security-policy"] ?? "", /default-src 'none'/, path);
      assert.equal(headers["x-powered-by"], undefined, path);
    }
  });

  it("say what is wrong in Jupyter's style and nothing about our insides", async () => {
    const answers = await Promise.all([
      server.as("viewer", "/api/contents/nope"),
      server.as("viewer", "/%zz"),
      server.as("editor", "/api/contents/x", { method: "PUT", json: { type: 7 } }),
      server.as("viewer", `/${"x".repeat(5000)}`),
    ]);
    for (const { body } of answers) {
      const { message, reason, ...rest } = JSON.parse(body) as Record<string, unknown>;
      assert.equal(typeof message, "string");
      assert.equal(typeof reason, "string");
      assert.deepEqual(rest, {});
      assert.doesNotMatch(body, /node_modules|\.ts:|at .*\(/);
    }
  });
});
