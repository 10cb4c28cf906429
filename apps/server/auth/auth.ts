import { randomUUID } from "node:crypto";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Author, Role } from "@opsbook/notebook/session";
import { type Account, type AuthState, type Login, loadAuthState, saveAuthState } from "./auth-file.ts";
import { cookieName, readCookie, sessionCookie } from "./cookies.ts";
import { AuthError } from "./errors.ts";
import { FailureLimiter } from "./limiter.ts";
import type { Scrubber } from "./scrub.ts";
import { readTokenFile } from "./token-file.ts";
import { hashToken, newToken } from "./tokens.ts";

/** Who asks. `role` looks the answer up at every call and is null once the access was revoked or ran out. */
export interface Identity {
  readonly user: Author;
  readonly kind: "session" | "token";
  role(): Role | null;
}

export interface Credentials {
  cookie: string | undefined;
  authorization: string | undefined;
  /** From the query of a Jupyter socket; the caller decides where that is allowed. */
  queryToken?: string | undefined;
}

export type Identification =
  | { ok: true; identity: Identity | null; hasCookie: boolean }
  | { ok: false; reason: "bad-token" | "ambiguous-cookie" };

export interface AuthOptions {
  root: string;
  /** Folder of `auth.json`. */
  stateDir: string;
  scrubber: Scrubber;
  ownerName: string;
  tokenFile?: string | undefined;
  /** The browser reaches us by https. */
  secure: boolean;
  /** How long a login lasts, milliseconds. */
  loginLifetimeMs?: number;
  now?: () => number;
}

export interface LoginLink {
  role: Role;
  /** The owner's own link; others make an account of their own. */
  owner: boolean;
}

export const LOGIN_LINK_MS = 15 * 60_000;
const LOGIN_LIFETIME_MS = 14 * 24 * 3600_000;
const MOST_LINKS = 100;
const LONGEST_NAME = 80;
const OWNER_ID = "owner";

/** Accounts, logins and tokens of one served folder. */
export class Auth {
  readonly cookieName: string;
  readonly #options: AuthOptions;
  readonly #file: string;
  readonly #now: () => number;
  /** For what lives only in memory: this clock does not jump. */
  readonly #while: () => number;
  readonly #users = new Map<string, Account>();
  readonly #logins = new Map<string, Login>();
  readonly #links = new Map<string, LoginLink & { expiresAt: number }>();
  readonly #apiTokens = new Set<string>();
  readonly #limiter: FailureLimiter;
  #onAccessLost: (() => void) | null = null;
  #saving: Promise<void> = Promise.resolve();

  private constructor(options: AuthOptions, root: string, state: AuthState) {
    this.#options = options;
    this.#file = join(options.stateDir, "auth.json");
    this.#now = options.now ?? Date.now;
    this.#while = options.now ?? (() => performance.now());
    this.cookieName = cookieName(root, options.secure);
    this.#limiter = new FailureLimiter({ max: 10, windowMs: 60_000, now: this.#while });
    for (const user of state.users) this.#users.set(user.id, user);
    for (const login of state.sessions) this.#logins.set(login.hash, login);
    this.#users.set(OWNER_ID, { id: OWNER_ID, name: options.ownerName, role: "admin" });
    this.#prune();
  }

  static async open(options: AuthOptions): Promise<{ auth: Auth; unreadable?: string }> {
    const { state, unreadable } = await loadAuthState(join(options.stateDir, "auth.json"));
    const auth = new Auth(options, await realpath(options.root), state);
    if (options.tokenFile !== undefined) {
      const token = await readTokenFile(options.tokenFile);
      options.scrubber.add(token);
      auth.#apiTokens.add(hashToken(token));
    }
    return unreadable === undefined ? { auth } : { auth, unreadable };
  }

  /** Told after every change that may have taken rights from somebody. */
  onAccessLost(listener: () => void): void {
    this.#onAccessLost = listener;
  }

  /** An admin token that lives as long as this process, for `opsbook list`. */
  createApiToken(): string {
    const token = newToken("api");
    this.#apiTokens.add(hashToken(token));
    return token;
  }

  /** Good for one login within `LOGIN_LINK_MS`. */
  createLoginToken(link: LoginLink): string {
    const token = newToken("login");
    this.#links.set(hashToken(token), { ...link, expiresAt: this.#while() + LOGIN_LINK_MS });
    for (const [hash] of this.#links) {
      if (this.#links.size <= MOST_LINKS) break;
      this.#links.delete(hash);
    }
    return token;
  }

  /** Burns the token and answers with the `Set-Cookie` value of a new login. */
  async login(request: { token: string; name: string; address: string; cookie: string | undefined }): Promise<string> {
    const wait = this.#limiter.retryAfter(request.address);
    if (wait > 0) throw new AuthError("rate-limited", `Too many failed logins. Try again in ${wait} s.`);
    const hash = hashToken(request.token);
    const link = this.#links.get(hash);
    this.#links.delete(hash);
    if (!link || link.expiresAt <= this.#while()) {
      this.#limiter.failed(request.address);
      throw new AuthError(
        "bad-token",
        "This login link was used already or is too old. `opsbook list` on the server prints a fresh one.",
      );
    }
    const before = readCookie(request.cookie, this.cookieName);
    if (before !== null) this.#logins.delete(hashToken(before));
    const user = this.#account(link, request.name);
    const token = newToken("session");
    const lifetime = this.#options.loginLifetimeMs ?? LOGIN_LIFETIME_MS;
    const createdAt = this.#now();
    const login = { hash: hashToken(token), userId: user.id, createdAt, expiresAt: createdAt + lifetime };
    this.#logins.set(login.hash, login);
    this.#prune();
    await this.#save();
    return sessionCookie(this.cookieName, token, {
      secure: this.#options.secure,
      maxAge: Math.floor(lifetime / 1000),
    });
  }

  /** Ends the login the cookie stands for; answers with the header value that removes it. */
  async logout(cookie: string | undefined): Promise<string> {
    const value = readCookie(cookie, this.cookieName);
    if (value !== null && this.#logins.delete(hashToken(value))) await this.#accessLost();
    return sessionCookie(this.cookieName, "", { secure: this.#options.secure, maxAge: 0 });
  }

  /** Null takes every right: the account and its logins go. */
  async setRole(userId: string, role: Role | null): Promise<void> {
    const user = this.#users.get(userId);
    if (!user) throw new AuthError("unknown-user", "There is no such user.");
    if (role === null) {
      this.#users.delete(userId);
      for (const [hash, login] of this.#logins) if (login.userId === userId) this.#logins.delete(hash);
    } else {
      this.#users.set(userId, { ...user, role });
    }
    await this.#accessLost();
  }

  identify(credentials: Credentials): Identification {
    const cookie = readCookie(credentials.cookie, this.cookieName);
    if (cookie === "ambiguous") return { ok: false, reason: "ambiguous-cookie" };
    const hasCookie = cookie !== null;
    const token = credentials.queryToken ?? authorizationToken(credentials.authorization);
    if (token !== undefined) {
      const identity = this.#byToken(token);
      return identity ? { ok: true, identity, hasCookie } : { ok: false, reason: "bad-token" };
    }
    return { ok: true, identity: cookie === null ? null : this.#byCookie(cookie), hasCookie };
  }

  #byToken(token: string): Identity | null {
    const hash = hashToken(token);
    if (!this.#apiTokens.has(hash)) return null;
    const user = { id: "api-token", name: `${this.#options.ownerName} (API)` };
    return { user, kind: "token", role: () => (this.#apiTokens.has(hash) ? "admin" : null) };
  }

  #byCookie(value: string): Identity | null {
    const hash = hashToken(value);
    const login = this.#logins.get(hash);
    const user = login && this.#users.get(login.userId);
    if (!login || !user || login.expiresAt <= this.#now()) return null;
    const role = () => {
      const current = this.#logins.get(hash);
      if (!current || current.expiresAt <= this.#now()) return null;
      return this.#users.get(current.userId)?.role ?? null;
    };
    return { user: { id: user.id, name: user.name }, kind: "session", role };
  }

  /** A name never finds an existing account: it would be a way into somebody else's. */
  #account(link: LoginLink, name: string): Account {
    const clean = cleanName(name);
    const owner = this.#users.get(OWNER_ID);
    if (owner && link.owner && (clean === "" || clean === owner.name)) return owner;
    const user: Account = { id: randomUUID(), name: clean || "Guest", role: link.role };
    this.#users.set(user.id, user);
    return user;
  }

  #prune(): void {
    const inUse = new Set([OWNER_ID]);
    for (const [hash, login] of this.#logins) {
      if (login.expiresAt <= this.#now() || !this.#users.has(login.userId)) this.#logins.delete(hash);
      else inUse.add(login.userId);
    }
    for (const id of this.#users.keys()) if (!inUse.has(id)) this.#users.delete(id);
  }

  async #accessLost(): Promise<void> {
    this.#onAccessLost?.();
    await this.#save();
  }

  #save(): Promise<void> {
    const write = () =>
      saveAuthState(this.#file, { version: 1, users: [...this.#users.values()], sessions: [...this.#logins.values()] });
    const saved = this.#saving.then(write);
    this.#saving = saved.catch(() => undefined);
    return saved;
  }
}

/** `Authorization: token …` is Jupyter's form, `Bearer …` RFC 6750's; another scheme counts as a wrong token. */
function authorizationToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  return /^(?:token|bearer) +(\S+)$/i.exec(header.trim())?.[1] ?? "";
}

/** Control and direction characters could make one name look like another. */
function cleanName(name: string): string {
  return name
    .normalize("NFC")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")
    .trim()
    .slice(0, LONGEST_NAME);
}
