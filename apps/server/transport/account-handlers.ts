import { z } from "zod";
import { LOGIN_LINK_MS } from "../auth/index.ts";
import { toHttpError } from "./answers.ts";
import { HttpError } from "./errors.ts";
import { clientAddress } from "./gate.ts";
import { safeNext, sendLoginPage } from "./pages.ts";
import type { Call, PublicCall, Services } from "./services.ts";

const LONGEST_TOKEN = 512;
const loginSchema = z.object({
  token: z.string().max(LONGEST_TOKEN),
  name: z.string().max(1000).default(""),
  next: z.string().max(4096).default("/"),
});
const linkSchema = z.strictObject({
  role: z.enum(["viewer", "runner", "editor", "admin"]).default("editor"),
  /** A link to the owner's own account, for `opsbook list`. */
  owner: z.boolean().default(false),
});

export function accountHandlers(services: Services) {
  const { auth } = services;
  return {
    /** Changes nothing: link previews fetch it too. */
    loginPage({ req, res }: PublicCall) {
      const { token, next } = req.query;
      const given = typeof token === "string" ? token.slice(0, LONGEST_TOKEN) : "";
      sendLoginPage(res, { status: 200, token: given, next: safeNext(next) });
    },

    async login({ req, res, body }: PublicCall) {
      const request = loginSchema.parse(body ?? {});
      const next = safeNext(request.next);
      try {
        const address = clientAddress(req, services.gate);
        const cookie = await auth.login({ ...request, address, cookie: req.headers.cookie });
        res.setHeader("Set-Cookie", cookie);
        res.redirect(303, next);
      } catch (error) {
        const answer = toHttpError(error);
        if (answer.status >= 500 || req.accepts(["json", "html"]) !== "html") throw error;
        sendLoginPage(res, { status: answer.status, token: "", next, problem: answer.message });
      }
    },

    async logout({ req, res }: Call) {
      res.setHeader("Set-Cookie", await auth.logout(req.headers.cookie));
      res.status(204).end();
    },

    createLoginLink({ req, res, body }: Call) {
      const { role, owner } = linkSchema.parse(body ?? {});
      const token = auth.createLoginToken({ role: owner ? "admin" : role, owner });
      const base = services.gate.baseUrl?.origin ?? `http://${req.headers.host}`;
      const url = loginUrl(base, token, { askName: !owner });
      res.status(201).json({ url, expiresAt: new Date(Date.now() + LOGIN_LINK_MS).toISOString() });
    },

    /** Jupyter's `/api/me`, with what our own app wants to know beside it. */
    me({ req, res, identity }: Call) {
      const { id, name } = identity.user;
      res.json({
        identity: {
          username: id,
          name,
          display_name: name,
          initials: initials(name),
          avatar_url: null,
          color: null,
        },
        permissions: permissions(req.query.permissions, identity.role()),
        role: identity.role(),
        workspace: services.title,
        version: services.version,
      });
    },
  };
}

/** The token is in the fragment, which browsers send to nobody: no proxy log and no Referer can hold it. */
export function loginUrl(base: string, token: string, options: { askName: boolean }): string {
  return `${base.replace(/\/$/, "")}/login#token=${token}${options.askName ? "&ask=name" : ""}`;
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== "");
  return words
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("")
    .toUpperCase();
}

const permissionsSchema = z.record(z.string(), z.array(z.string()));

/** Jupyter asks `permissions={"contents": ["read", "write"]}` and gets back what is allowed of it. */
function permissions(asked: unknown, role: string | null): Record<string, string[]> {
  if (typeof asked !== "string") return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(asked);
  } catch (cause) {
    throw new HttpError("bad-request", "permissions is not valid JSON.", { cause });
  }
  const mayChange = role === "editor" || role === "admin";
  const entries = Object.entries(permissionsSchema.parse(parsed));
  return Object.fromEntries(
    entries.map(([resource, actions]) => [resource, actions.filter((action) => mayChange || action === "read")]),
  );
}
