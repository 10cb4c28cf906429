import assert from "node:assert/strict";
import { test } from "node:test";
import {
  connectionInfoSchema,
  endpoint,
  hostMessageSchema,
  isMessageType,
  JupyterError,
  parseContent,
} from "./index.ts";

const ports = { shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5 };

test("[J10] a connection file has its five ports, its transport and a scheme we can verify", () => {
  const info = connectionInfoSchema.parse({ ip: "127.0.0.1", key: "k", ...ports });
  assert.equal(info.transport, "tcp");
  assert.equal(info.signature_scheme, "hmac-sha256");
  for (const bad of [{ transport: "udp" }, { signature_scheme: "hmac-md5" }, { hb_port: 70000 }, { key: undefined }]) {
    assert.equal(connectionInfoSchema.safeParse({ ip: "127.0.0.1", key: "k", ...ports, ...bad }).success, false);
  }
});

test("[J11] addresses of tcp, IPv6 and ipc channels", () => {
  const info = connectionInfoSchema.parse({ ip: "127.0.0.1", key: "k", ...ports });
  assert.equal(endpoint(info, "shell"), "tcp://127.0.0.1:1");
  assert.equal(endpoint({ ...info, ip: "::1" }, "hb"), "tcp://[::1]:5");
  assert.equal(endpoint({ ...info, transport: "ipc", ip: "/run/k" }, "iopub"), "ipc:///run/k-2");
});

test("[J12] contents get the protocol's defaults and keep keys we do not know", () => {
  assert.deepEqual(parseContent("execute_request", { code: "1", cellId: "c" }), {
    code: "1",
    cellId: "c",
    silent: false,
    store_history: true,
    user_expressions: {},
    allow_stdin: true,
    stop_on_error: true,
  });
});

test("[J13] a reply is ok or an error, also where a kernel leaves fields out", () => {
  const ok = parseContent("execute_reply", { status: "ok", execution_count: 3 });
  assert.equal(ok.status, "ok");
  const failed = parseContent("execute_reply", { status: "error", ename: "E", evalue: "v", traceback: ["t"] });
  assert.equal(failed.status === "error" && failed.ename, "E");
  assert.equal(parseContent("execute_reply", { status: "aborted" }).status, "aborted");
});

test("[J14] a content of the wrong shape is refused with its reason", () => {
  assert.throws(
    () => parseContent("stream", { name: "stdlog", text: 1 }),
    (error) => error instanceof JupyterError && error.code === "bad-content" && /text/.test(error.message),
  );
  assert.equal(isMessageType("stream"), true);
  assert.equal(isMessageType("toString"), false);
});

test("[J40] host messages are a closed, versioned union", () => {
  assert.equal(
    hostMessageSchema.parse({ version: 1, type: "guard-passed", rule: "r", why: "w", reason: "x" }).type,
    "guard-passed",
  );
  for (const bad of [
    { version: 2, type: "guard-passed", rule: "r", why: "w", reason: "x" },
    { version: 1, type: "run-shell", line: "id" },
    { version: 1, type: "secret-registered", name: "n", value: "" },
    { version: 1, type: "terminal-offered", id: "1", title: "t", argv: [] },
  ]) {
    assert.equal(hostMessageSchema.safeParse(bad).success, false);
  }
});
