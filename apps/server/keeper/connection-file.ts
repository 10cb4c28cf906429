import { randomBytes } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { basename, dirname } from "node:path";
import type { ConnectionInfo } from "@opsbook/jupyter";

/**
 * Makes the addresses and the key of one kernel process and writes them for it to read.
 * `prefix` is a path inside the private folder; sockets and file begin with it.
 */
export async function createConnection(
  prefix: string,
  transport: "ipc" | "tcp",
  kernelName: string,
): Promise<{ info: ConnectionInfo; file: string }> {
  const [shell = 1, iopub = 2, stdin = 3, control = 4, hb = 5] = transport === "tcp" ? await freePorts(5) : [];
  const info: ConnectionInfo = {
    transport,
    ip: transport === "tcp" ? "127.0.0.1" : prefix,
    shell_port: shell,
    iopub_port: iopub,
    stdin_port: stdin,
    control_port: control,
    hb_port: hb,
    key: randomBytes(32).toString("hex"),
    signature_scheme: "hmac-sha256",
    kernel_name: kernelName,
  };
  const file = `${prefix}.json`;
  await writeFile(file, JSON.stringify(info, null, 2), { mode: 0o600, flag: "wx" });
  return { info, file };
}

/** Removes the file and the sockets that the kernel left. */
export function removeConnection(prefix: string): void {
  const folder = dirname(prefix);
  const name = basename(prefix);
  for (const entry of readdirSync(folder)) {
    if (entry === `${name}.json` || entry.startsWith(`${name}-`)) rmSync(`${folder}/${entry}`, { force: true });
  }
}

/** All are held at once, so that they differ. Another process may take one before the kernel does, as in Jupyter. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}
