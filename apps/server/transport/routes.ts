import { accountHandlers } from "./account-handlers.ts";
import { appHandlers } from "./app-handlers.ts";
import { LARGEST_CONTENT } from "./contents/contents.ts";
import { contentsHandlers } from "./contents-handlers.ts";
import { HttpError } from "./errors.ts";
import { historyHandlers } from "./history-handlers.ts";
import { openJupyterTerminalSocket } from "./jupyter-terminal-socket.ts";
import { V1_SUBPROTOCOL } from "./kernel-frames.ts";
import { kernelHandlers } from "./kernel-handlers.ts";
import { openKernelSocket } from "./kernel-socket.ts";
import { openLanguageSocket } from "./language-socket.ts";
import type { Route, Services, SocketRoute } from "./services.ts";
import { sessionHandlers } from "./session-handlers.ts";
import { spoolHandlers } from "./spool-handlers.ts";
import { terminalHandlers } from "./terminal-handlers.ts";
import { openTerminalSocket, requireTerminal } from "./terminal-socket.ts";

const MIB = 1024 * 1024;
/** Base64 in JSON is a third larger than what it holds. */
const UPLOAD_LIMIT = Math.ceil((LARGEST_CONTENT * 4) / 3) + MIB;

/** Every HTTP route there is, with the least role it takes. README.md says the same in prose. */
export function httpRoutes(services: Services): Route[] {
  const account = accountHandlers(services);
  const app = appHandlers(services);
  const contents = contentsHandlers(services);
  const history = historyHandlers(services);
  const kernels = kernelHandlers(services);
  const sessions = sessionHandlers(services);
  const spools = spoolHandlers(services);
  const terminals = terminalHandlers(services);
  const checkpoints = "/api/contents/*path/checkpoints";
  return [
    { method: "GET", path: "/login", role: "public", handle: account.loginPage },
    { method: "POST", path: "/login", role: "public", form: true, handle: account.login },
    { method: "GET", path: "/healthz", role: "public", handle: app.healthz },
    { method: "GET", path: "/api/opsbook/healthz", role: "public", handle: app.healthz },
    { method: "GET", path: "/metrics", role: "viewer", handle: app.metrics },
    { method: "GET", path: "/api/opsbook/metrics", role: "viewer", handle: app.metrics },

    { method: "GET", path: "/api", role: "public", handle: app.version },
    { method: "GET", path: "/api/status", role: "viewer", handle: app.status },
    { method: "GET", path: "/api/me", role: "viewer", handle: account.me },

    { method: "GET", path: checkpoints, role: "viewer", handle: history.list },
    { method: "POST", path: checkpoints, role: "runner", handle: history.create },
    { method: "POST", path: `${checkpoints}/:checkpoint`, role: "editor", handle: history.restore },
    { method: "PATCH", path: `${checkpoints}/:checkpoint`, role: "editor", handle: history.rename },
    { method: "DELETE", path: `${checkpoints}/:checkpoint`, role: "editor", handle: history.remove },
    { method: "GET", path: "/api/contents{/*path}", role: "viewer", handle: contents.read },
    { method: "POST", path: "/api/contents{/*path}", role: "editor", handle: contents.create },
    {
      method: "PUT",
      path: "/api/contents{/*path}",
      role: "editor",
      bodyLimit: UPLOAD_LIMIT,
      handle: contents.save,
    },
    { method: "PATCH", path: "/api/contents{/*path}", role: "editor", handle: contents.rename },
    { method: "DELETE", path: "/api/contents{/*path}", role: "editor", handle: contents.remove },
    { method: "GET", path: "/files/*path", role: "viewer", handle: contents.download },

    { method: "GET", path: "/api/kernelspecs", role: "viewer", handle: kernels.listSpecs },
    { method: "GET", path: "/api/kernelspecs/:name", role: "viewer", handle: kernels.readSpec },
    { method: "GET", path: "/kernelspecs/:name/:file", role: "viewer", handle: kernels.specResource },
    { method: "GET", path: "/api/kernels", role: "viewer", handle: kernels.list },
    { method: "POST", path: "/api/kernels", role: "editor", handle: kernels.create },
    { method: "GET", path: "/api/kernels/:id", role: "viewer", handle: kernels.read },
    { method: "DELETE", path: "/api/kernels/:id", role: "editor", handle: kernels.remove },
    { method: "POST", path: "/api/kernels/:id/interrupt", role: "runner", handle: kernels.interrupt },
    { method: "POST", path: "/api/kernels/:id/restart", role: "runner", handle: kernels.restart },
    { method: "GET", path: "/api/sessions", role: "viewer", handle: kernels.listSessions },
    { method: "POST", path: "/api/sessions", role: "editor", handle: kernels.createSession },
    { method: "GET", path: "/api/sessions/:id", role: "viewer", handle: kernels.readSession },
    { method: "PATCH", path: "/api/sessions/:id", role: "editor", handle: kernels.patchSession },
    { method: "DELETE", path: "/api/sessions/:id", role: "editor", handle: kernels.removeSession },

    { method: "GET", path: "/api/terminals", role: "runner", handle: terminals.list },
    { method: "POST", path: "/api/terminals", role: "editor", handle: terminals.create },
    { method: "GET", path: "/api/terminals/:name", role: "runner", handle: terminals.read },
    { method: "DELETE", path: "/api/terminals/:name", role: "editor", handle: terminals.remove },
    { method: "POST", path: "/api/opsbook/terminals", role: "editor", handle: terminals.create },

    { method: "POST", path: "/api/opsbook/sessions", role: "viewer", handle: sessions.open },
    { method: "GET", path: "/api/opsbook/sessions", role: "viewer", handle: sessions.list },
    {
      method: "POST",
      path: "/api/opsbook/checkpoints/:checkpoint/*path",
      role: "editor",
      handle: history.restoreVersion,
    },
    { method: "GET", path: "/api/opsbook/versions/:version/*path", role: "viewer", handle: history.version },
    { method: "GET", path: "/api/opsbook/sessions/:id/timeline", role: "viewer", handle: history.timeline },
    { method: "GET", path: "/api/opsbook/sessions/:id/conflict", role: "viewer", handle: sessions.conflict },
    { method: "POST", path: "/api/opsbook/sessions/:id/conflict", role: "editor", handle: sessions.decideConflict },
    { method: "DELETE", path: "/api/opsbook/sessions/:id", role: "editor", handle: sessions.close },
    { method: "GET", path: "/api/opsbook/sessions/:id/frames/:outputId", role: "viewer", handle: sessions.frame },
    { method: "GET", path: "/api/opsbook/spools/:outputId", role: "viewer", handle: spools.bytes },
    { method: "GET", path: "/api/opsbook/spools/:outputId/lines", role: "viewer", handle: spools.lines },
    { method: "GET", path: "/api/opsbook/spools/:outputId/search", role: "viewer", handle: spools.search },
    { method: "GET", path: "/api/opsbook/blobs/:sha256", role: "viewer", handle: sessions.blob },
    { method: "POST", path: "/api/opsbook/logout", role: "viewer", handle: account.logout },
    { method: "POST", path: "/api/opsbook/login-links", role: "admin", handle: account.createLoginLink },

    { method: "GET", path: "/", role: "viewer", handle: app.index },
    { method: "GET", path: "/assets/*path", role: "public", handle: app.asset },
    { method: "GET", path: "/:file", role: "public", handle: app.asset },
  ];
}

/** Every socket there is. */
export function socketRoutes(services: Services): SocketRoute[] {
  return [
    {
      path: "/api/opsbook/sessions/:id/socket",
      role: "viewer",
      // The largest edit there is: a cell of 2^20 characters as a Yjs update in base64.
      maxPayload: 6 * MIB,
      prepare: ({ id }) => requireSession(services, id),
      open: ({ ws, identity, params }) => services.sessions.session(params.id ?? "")?.attach(ws, identity),
    },
    {
      path: "/api/opsbook/sessions/:id/language",
      // What may be asked depends on the role: LANGUAGE_ROLES.
      role: "viewer",
      maxPayload: 64 * 1024,
      prepare: ({ id }) => requireSession(services, id),
      open: (call) => openLanguageSocket(services, call),
    },
    {
      path: "/api/opsbook/terminals/:name/socket",
      role: "runner",
      maxPayload: MIB,
      prepare: ({ name }) => requireTerminal(services, name),
      open: (call) => openTerminalSocket(services, call),
    },
    {
      path: "/terminals/websocket/:name",
      role: "runner",
      maxPayload: MIB,
      queryToken: true,
      prepare: ({ name }) => requireTerminal(services, name),
      open: (call) => openJupyterTerminalSocket(services, call),
    },
    {
      path: "/api/kernels/:id/channels",
      role: "editor",
      // Cells and widget data; Jupyter itself allows 10 MiB.
      maxPayload: 10 * MIB,
      queryToken: true,
      subprotocols: [V1_SUBPROTOCOL],
      prepare({ id }) {
        if (!services.runtime.kernel(id ?? "")) throw new HttpError("not-found", `Kernel does not exist: ${id}`);
      },
      open: (call) => openKernelSocket(services, call),
    },
  ];
}

function requireSession(services: Services, id: string | undefined): void {
  if (!services.sessions.session(id ?? "")) throw new HttpError("not-found", "This session is not open.");
}
