import { GuardError } from "../core/guard.ts";
import type { CallOptions } from "../core/options.ts";
import { Secret } from "../core/secret.ts";
import { HttpError } from "./error.ts";

export type QueryValue = string | number | boolean | Secret | undefined | null;
export type HeaderValues = Readonly<Record<string, string | number | Secret | undefined>>;
export type RequestBody = string | Uint8Array | Secret | AsyncIterable<string | Uint8Array>;

/** Adds what shows who is asking. Left out when a redirect leads to another origin. */
export type Auth = (request: { readonly method: string; readonly url: string }) => HeaderValues | Promise<HeaderValues>;

export interface RequestOptions extends CallOptions {
  /** Added to the URL's own query; an array repeats the name, undefined and null leave it out. */
  readonly query?: Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
  readonly headers?: HeaderValues;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly body?: RequestBody;
  readonly auth?: Auth;
  /** Repeats after a lost connection or 429, 502, 503, 504, default 2; POST and PATCH are never repeated. */
  readonly retries?: number;
}

export interface PreparedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | AsyncIterable<string | Uint8Array> | undefined;
  readonly auth: Auth | undefined;
  readonly retries: number;
}

export const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
export const DEFAULT_RETRIES = 2;

/** The absolute URL: `path` is appended to `baseUrl`, or stands for itself. */
export function resolveUrl(path: string, baseUrl: string | undefined, method: string): URL {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(path);
  const text = absolute || baseUrl === undefined ? path : `${baseUrl.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new HttpError("invalid-url", { method, url: text }, { message: "this is not an absolute URL", cause });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new HttpError("invalid-url", { method, url: text }, { message: "only http and https are spoken here" });
  }
  if (url.username !== "" || url.password !== "") {
    throw new GuardError({
      rule: "http.credentials-in-url",
      why: "URLs end up in logs, outputs and histories",
      instead: "{ auth: http.basic(user, secret) }",
    });
  }
  return url;
}

export function addQuery(url: URL, query: RequestOptions["query"]): void {
  for (const [name, given] of Object.entries(query ?? {})) {
    for (const value of [given].flat()) {
      if (value === undefined || value === null) continue;
      url.searchParams.append(name, value instanceof Secret ? value.reveal() : String(value));
    }
  }
}

/** Lower-case names to texts; the later of two wins. */
export function mergeHeaders(...layers: readonly (HeaderValues | undefined)[]): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) {
      if (value === undefined) delete merged[name.toLowerCase()];
      else merged[name.toLowerCase()] = value instanceof Secret ? value.reveal() : String(value);
    }
  }
  return merged;
}

export function toBody(options: RequestOptions): { body: PreparedRequest["body"]; type: string | undefined } {
  if (options.json !== undefined) {
    if (options.body !== undefined) throw new TypeError("a request has either json or body");
    return { body: JSON.stringify(options.json), type: "application/json" };
  }
  if (options.body instanceof Secret) return { body: options.body.reveal(), type: undefined };
  return { body: options.body, type: undefined };
}

/**
 * User and password for `auth` (RFC 7617).
 *
 * @example
 * const api = http.client({ baseUrl: "https://example.org", auth: http.basic("reader", new Secret("pass-word")) });
 */
export function basic(user: string, password: Secret | string): Auth {
  if (user.includes(":")) throw new TypeError("a user name in HTTP Basic cannot contain a colon (RFC 7617, section 2)");
  const secret = password instanceof Secret ? password : new Secret(password, "password");
  return () => ({ authorization: `Basic ${Buffer.from(`${user}:${secret.reveal()}`).toString("base64")}` });
}

/**
 * A bearer token for `auth` (RFC 6750).
 *
 * @example
 * const api = http.client({ baseUrl: "https://example.org", auth: http.bearer(new Secret("the-token")) });
 */
export function bearer(token: Secret | string): Auth {
  const secret = token instanceof Secret ? token : new Secret(token, "token");
  return () => ({ authorization: `Bearer ${secret.reveal()}` });
}
