import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { pythonEnvironment } from "../../../scripts/components/python.ts";
import { startTestServer } from "./testing.ts";

/**
 * Jupyter Server's own gateway client, which nobody here wrote, runs code on our kernel. It has no way to send its
 * token with the socket, so the script adds the header.
 */
const SCRIPT = `
import asyncio, functools, json, os, sys, websocket
from jupyter_server.gateway.gateway_client import GatewayClient
from jupyter_server.gateway.managers import GatewayMappingKernelManager
url, token = sys.argv[1:3]
header = ["Authorization: token " + token]
websocket.create_connection = functools.partial(websocket.create_connection, header=header)

async def main():
    gateway = GatewayClient.instance()
    gateway.url, gateway.auth_token, gateway.auth_scheme = url, token, "token"
    manager = GatewayMappingKernelManager()
    kernel_id = await manager.start_kernel(kernel_name="typescript")
    client = manager.get_kernel(kernel_id).client()
    await client.start_channels()
    request = client.execute("console.log('from python'); 6 * 7")
    seen = []
    while not (seen and seen[-1] == ["status", "idle"]):
        message = await client.get_iopub_msg(timeout=30)
        if message["parent_header"].get("msg_id") != request:
            continue
        content = message["content"]
        data = content.get("data", {}).get("text/plain")
        seen.append([message["msg_type"], content.get("text") or data or content.get("execution_state")])
    reply = await client.get_shell_msg(timeout=30)
    await manager.shutdown_kernel(kernel_id)
    left = await manager.list_kernels()
    print(json.dumps({"seen": seen, "reply": reply["content"]["status"], "left": len(left)}), flush=True)
    # Its reader thread would keep the process.
    os._exit(0)

asyncio.run(main())
`;

const environment = await pythonEnvironment("jupyter.requirements.txt");

describe("clients of other people", { skip: "skip" in environment ? environment.skip : false }, () => {
  it("[part of 3.5-kernels] Jupyter Server's gateway client runs code on our kernel", {
    timeout: 120_000,
  }, async () => {
    assert.ok("python" in environment);
    await using server = await startTestServer();
    const args = ["-c", SCRIPT, server.origin, server.auth.createApiToken()];
    const { stdout } = await promisify(execFile)(environment.python, args, { timeout: 100_000 });
    const { seen, reply, left } = JSON.parse(stdout) as {
      seen: [string, string | null][];
      reply: string;
      left: number;
    };
    assert.deepEqual([reply, left], ["ok", 0]);
    assert.ok(seen.some(([type, text]) => type === "stream" && text?.includes("from python")));
    assert.ok(seen.some(([type, text]) => type === "execute_result" && text?.includes("42")));
  });
});
