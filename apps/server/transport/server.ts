import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { newNotebook, serializeNotebook } from "@opsbook/notebook";
import type { Logger } from "pino";
import type { Auth } from "../auth/index.ts";
import { LanguageService } from "../language/index.ts";
import type { Runtime } from "../runtime/index.ts";
import type { SessionRegistry } from "../session/index.ts";
import { CheckpointsApi } from "./contents/checkpoints.ts";
import { Contents } from "./contents/contents.ts";
import { ContentRoot } from "./contents/root.ts";
import type { GatePolicy } from "./gate.ts";
import { createHttpApp } from "./http-app.ts";
import { httpRoutes, socketRoutes } from "./routes.ts";
import type { Services } from "./services.ts";
import { Sockets } from "./sockets.ts";
import { WebApp } from "./web-app.ts";

export interface ServerOptions {
  root: string;
  stateDir: string;
  /** Folder of the built web app. */
  webDir: string;
  gate: GatePolicy;
  auth: Auth;
  sessions: SessionRegistry;
  runtime: Runtime;
  log: Logger;
  version: string;
}

const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 300_000;
const MOST_CONNECTIONS = 2000;

/** HTTP and sockets of one served folder, put together but not yet listening. */
export class OpsbookServer {
  readonly http: Server;
  readonly #sockets: Sockets;
  readonly #language: LanguageService;

  private constructor(http: Server, sockets: Sockets, language: LanguageService) {
    this.http = http;
    this.#sockets = sockets;
    this.#language = language;
  }

  static async create(options: ServerOptions): Promise<OpsbookServer> {
    const { auth, sessions, runtime, log } = options;
    const root = await ContentRoot.open(options.root);
    const contents = new Contents({
      root,
      openText: (path) => sessions.byPath(path)?.notebookText(),
      newNotebook: () => serializeNotebook(newNotebook()),
    });
    const language = new LanguageService({ root: root.path, stateDir: options.stateDir, runtime, log });
    const services: Services = {
      auth,
      sessions,
      runtime,
      language,
      contents,
      checkpoints: new CheckpointsApi(sessions, contents),
      web: new WebApp(options.webDir),
      gate: options.gate,
      log,
      version: options.version,
      title: basename(root.path),
      startedAt: new Date(),
      socketCount: () => sockets.count,
    };
    const sockets = new Sockets(socketRoutes(services));
    const http = createHttpServer(
      { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
      createHttpApp(httpRoutes(services), services),
    );
    http.maxConnections = MOST_CONNECTIONS;
    sockets.listen(http, services);
    auth.onAccessLost(() => sockets.recheck());
    return new OpsbookServer(http, sockets, language);
  }

  /** Answers with the port, which `port: 0` leaves to the system. Rejects with EADDRINUSE when it is taken. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.http.once("error", reject);
      this.http.listen(port, host, () => {
        this.http.off("error", reject);
        resolve();
      });
    });
    return (this.http.address() as AddressInfo).port;
  }

  /** Takes nothing new, tells the sockets, and resolves when the last connection ended. */
  async close(): Promise<void> {
    this.#sockets.close();
    await this.#language.close();
    if (!this.http.listening) return;
    const closed = new Promise<void>((resolve) => this.http.close(() => resolve()));
    this.http.closeIdleConnections();
    setTimeout(() => this.http.closeAllConnections(), 2000).unref();
    await closed;
  }
}
