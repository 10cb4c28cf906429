import type { IncomingMessage } from "node:http";
import type { Role } from "@opsbook/notebook/session";
import type { Request, Response } from "express";
import type { Logger } from "pino";
import type { WebSocket } from "ws";
import type { Auth, Identity } from "../auth/index.ts";
import type { LanguageService } from "../language/index.ts";
import type { Runtime } from "../runtime/index.ts";
import type { SessionRegistry } from "../session/index.ts";
import type { CheckpointsApi } from "./contents/checkpoints.ts";
import type { Contents } from "./contents/contents.ts";
import type { GatePolicy } from "./gate.ts";
import type { WebApp } from "./web-app.ts";

/** What the handlers work with; main.ts and the tests put it together. */
export interface Services {
  auth: Auth;
  sessions: SessionRegistry;
  runtime: Runtime;
  language: LanguageService;
  contents: Contents;
  checkpoints: CheckpointsApi;
  web: WebApp;
  gate: GatePolicy;
  log: Logger;
  version: string;
  /** Name of the served folder, for people. */
  title: string;
  startedAt: Date;
  /** How many sockets are open. */
  socketCount: () => number;
}

/** A request that passed the gate. Nothing of it is trusted but the identity. */
export interface PublicCall {
  req: Request;
  res: Response;
  identity: Identity | null;
  /** The parsed body, undefined when there was none. */
  body: unknown;
}

export interface Call extends PublicCall {
  identity: Identity;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

interface RouteBase {
  method: Method;
  /** Express 5 syntax. */
  path: string;
  /** Bytes, 1 MiB unless told. */
  bodyLimit?: number;
  /** An HTML form may post here; everything else takes JSON only. */
  form?: true;
}
export interface PublicRoute extends RouteBase {
  role: "public";
  handle: (call: PublicCall) => Promise<void> | void;
}
export interface RoleRoute extends RouteBase {
  role: Role;
  handle: (call: Call) => Promise<void> | void;
}
export type Route = PublicRoute | RoleRoute;

export interface SocketCall {
  ws: WebSocket;
  identity: Identity;
  request: IncomingMessage;
  params: Record<string, string>;
  query: URLSearchParams;
}

export interface SocketRoute {
  /** `/fixed/:parameter` segments only. */
  path: string;
  role: Role;
  /** Bytes of one message. */
  maxPayload: number;
  /** Jupyter's clients cannot set headers on a socket, so theirs may carry `?token=`. */
  queryToken?: true;
  subprotocols?: readonly string[];
  /** Throws HttpError before the handshake is answered. */
  prepare?: (params: Record<string, string>) => void;
  open: (call: SocketCall) => void;
}
