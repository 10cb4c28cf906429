import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newNotebook, serializeNotebook } from "@opsbook/notebook";
import type { Role } from "@opsbook/notebook/session";
import pino from "pino";
import { WebSocketServer } from "ws";
import { Runtime } from "../../runtime/index.ts";
import { type CheckpointSettings, type Session, SessionRegistry } from "../index.ts";
import { TestClient } from "./client.ts";

export interface SessionServer extends AsyncDisposable {
  root: string;
  registry: SessionRegistry;
  runtime: Runtime;
  open(path?: string): Promise<Session>;
  /** A client of the notebook, as `role`. */
  connect(path?: string, options?: { role?: Role; name?: string; clientId?: string }): Promise<TestClient>;
  /** Ends the server in an orderly way; kernels stay where `keepKernels`. */
  stop(options: { keepKernels: boolean }): Promise<void>;
}

/** An empty notebook of the TypeScript kernel at `path` in a fresh folder. */
export function newRoot(path = "test.ipynb"): string {
  const root = mkdtempSync(join(tmpdir(), "opsbook-session-"));
  mkdirSync(join(root, ".opsbook"), { mode: 0o700 });
  writeFileSync(join(root, path), serializeNotebook({ ...newNotebook(), cells: [] }));
  return root;
}

/** Sessions on a real socket with the real keeper and kernel, without the gate before them. */
export async function startSessions(root = newRoot(), checkpoints?: CheckpointSettings): Promise<SessionServer> {
  const log = pino({ level: process.env.OPSBOOK_TEST_LOG ?? "silent" });
  const stateDir = join(root, ".opsbook");
  const runtime = await Runtime.start({ root, stateDir, log });
  const registry = await SessionRegistry.open({
    root,
    stateDir,
    runtime,
    log,
    ...(checkpoints ? { checkpoints } : {}),
  });
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  sockets.on("connection", (socket, request) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const name = url.searchParams.get("name") ?? "Ada";
    const role = (url.searchParams.get("role") ?? "editor") as Role;
    registry
      .session(url.pathname.slice(1))
      ?.attach(socket, { user: { id: name.toLowerCase(), name }, role: () => role });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  let stopped = false;
  const stop = async ({ keepKernels }: { keepKernels: boolean }) => {
    if (stopped) return;
    stopped = true;
    await registry.close({ keepKernels });
    for (const socket of sockets.clients) socket.terminate();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
    await runtime.close({ keepAlive: keepKernels });
  };
  return {
    root,
    registry,
    runtime,
    stop,
    open: (path = "test.ipynb") => registry.openSession(path),
    connect: async (path = "test.ipynb", { role = "editor", name = "Ada", clientId } = {}) => {
      const session = await registry.openSession(path);
      return TestClient.connect(`ws://127.0.0.1:${port}/${session.id}?role=${role}&name=${name}`, clientId);
    },
    [Symbol.asyncDispose]: async () => {
      const kept = stopped;
      await stop({ keepKernels: false });
      if (!kept) rmSync(root, { recursive: true, force: true });
    },
  };
}
