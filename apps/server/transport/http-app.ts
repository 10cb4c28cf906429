import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from "express";
import { AuthError, type Identity } from "../auth/index.ts";
import { toHttpError } from "./answers.ts";
import { HttpError } from "./errors.ts";
import { admit, requireRole } from "./gate.ts";
import { setSecurityHeaders } from "./headers.ts";
import { sendErrorPage } from "./pages.ts";
import type { Method, Route, Services } from "./services.ts";

const BODY_LIMIT = 1024 * 1024;
const FORM_LIMIT = 16 * 1024;

/** Builds the Express app from the table; nothing else registers a handler, and a test looks that nothing did. */
export function createHttpApp(routes: readonly Route[], services: Services): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  app.set("query parser", "simple");
  app.use(gate(services));
  for (const route of routes) {
    const path = app.route(route.path);
    const handlers = [role(route), ...bodyParsers(route), run(route)];
    REGISTER[route.method](path, handlers);
  }
  app.use(function unknownRoute(req: Request) {
    throw new HttpError("not-found", `There is nothing at ${req.path}.`);
  });
  app.use(errors(services));
  return app;
}

const REGISTER: Record<Method, (path: ReturnType<Express["route"]>, handlers: RequestHandler[]) => void> = {
  GET: (path, handlers) => path.get(...handlers),
  POST: (path, handlers) => path.post(...handlers),
  PUT: (path, handlers) => path.put(...handlers),
  PATCH: (path, handlers) => path.patch(...handlers),
  DELETE: (path, handlers) => path.delete(...handlers),
};

function gate(services: Services): RequestHandler {
  return function gate(req, res, next) {
    setSecurityHeaders(res);
    const started = performance.now();
    res.on("finish", () => {
      const ms = Math.round(performance.now() - started);
      const user = (res.locals.identity as Identity | null | undefined)?.user.id ?? null;
      services.log.debug({ method: req.method, path: req.path, status: res.statusCode, ms, user }, "request");
    });
    const request = { method: req.method, headers: req.headers, upgrade: false };
    res.locals.identity = admit(request, services.gate, services.auth);
    next();
  };
}

function role(route: Route): RequestHandler {
  return function role(req, res, next) {
    if (route.role === "public") return next();
    try {
      requireRole(res.locals.identity as Identity | null, route.role);
    } catch (error) {
      if (error instanceof HttpError && error.code === "login-needed" && opensPage(req)) {
        return res.redirect(303, `/login?next=${encodeURIComponent(req.originalUrl)}`);
      }
      throw error;
    }
    next();
  };
}

/**
 * JSON only, because a form of a foreign page can send everything else without asking (T2). A program with a token
 * may leave the type out: what it sends is read as JSON all the same.
 */
function bodyParsers(route: Route): RequestHandler[] {
  if (route.method === "GET") return [];
  const isForm = (req: Request) => route.form === true && req.is("application/x-www-form-urlencoded") !== false;
  const checkType: RequestHandler = (req, res, next) => {
    const hasBody = req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) > 0;
    const isProgram = (res.locals.identity as Identity | null)?.kind === "token";
    const isJson = /^application\/json\s*(;|$)/i.test(req.headers["content-type"] ?? "");
    if (hasBody && !isJson && !isProgram && !isForm(req)) {
      throw new HttpError("not-json", "Send the body as application/json.");
    }
    next();
  };
  const json = express.json({
    limit: route.bodyLimit ?? BODY_LIMIT,
    inflate: false,
    type: (req) => !isForm(req as Request),
  });
  if (!route.form) return [checkType, json];
  return [checkType, express.urlencoded({ extended: false, limit: FORM_LIMIT, inflate: false }), json];
}

function run(route: Route): RequestHandler {
  return async function run(req, res) {
    const call = { req, res, body: req.body as unknown };
    const identity = res.locals.identity as Identity | null;
    if (route.role === "public") await route.handle({ ...call, identity });
    else await route.handle({ ...call, identity: requireRole(identity, route.role) });
  };
}

function errors(services: Services) {
  return function errors(error: unknown, req: Request, res: Response, _next: NextFunction) {
    const answer = toHttpError(error);
    if (answer.status >= 500) services.log.error({ err: error, method: req.method, path: req.path }, "request failed");
    if (res.headersSent) {
      res.destroy();
      return;
    }
    if (error instanceof AuthError && error.code === "rate-limited") res.setHeader("Retry-After", "60");
    if (answer.code === "login-needed" || answer.code === "bad-token") res.setHeader("WWW-Authenticate", "token");
    // The rest of a refused body is not worth reading.
    if (!req.complete) res.setHeader("Connection", "close");
    if (opensPage(req)) sendErrorPage(res, answer.status, answer.message);
    else res.status(answer.status).json({ message: answer.message, reason: answer.code, ...answer.details });
  };
}

/** A person's browser going somewhere, as against a program or a script asking for data. */
function opensPage(req: Request): boolean {
  return req.method === "GET" && !/^\/(api|assets|files)\//.test(req.path) && req.accepts(["json", "html"]) === "html";
}
