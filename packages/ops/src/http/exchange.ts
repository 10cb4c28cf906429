import { setTimeout as delay } from "node:timers/promises";
import type { Agent, Dispatcher } from "undici";
import { GuardError } from "../core/guard.ts";
import { type ConnectTimings, observe } from "./connector.ts";
import { HttpError, toHttpError } from "./error.ts";
import { IDEMPOTENT, mergeHeaders, type PreparedRequest } from "./request.ts";
import type { ResponseFields } from "./response.ts";

const MOST_REDIRECTS = 10;
const RETRY_STATUS = new Set([429, 502, 503, 504]);
const RETRY_AFTER_LIMIT_MS = 30_000;
const FIRST_BACKOFF_MS = 200;
/** Kept in memory at most; a larger body has to be streamed. */
const LARGEST_BODY = 256 * 1024 * 1024;

/** An answer whose body has not been read. */
export interface Exchange {
  /** `timings.total` counts until now each time it is asked. */
  fields(): ResponseFields;
  readonly body: AsyncIterable<Uint8Array>;
  readonly status: number;
}

interface Context {
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

/** Sends a request, follows redirects and repeats what may be repeated, until there is an answer and `read` took it. */
export async function exchange<T>(
  request: PreparedRequest,
  context: Context,
  read: (exchange: Exchange) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const replayable = IDEMPOTENT.has(request.method) && !isOnce(request.body);
  for (let attempt = 1; ; attempt += 1) {
    const mayRetry = replayable && attempt <= request.retries;
    const sent = { yes: false };
    let failure: HttpError;
    try {
      const answer = await followRedirects(request, context, { started, attempt, sent });
      if (!mayRetry || !RETRY_STATUS.has(answer.status)) return await read(answer);
      for await (const _ of answer.body);
      await delay(Math.max(retryAfter(answer.fields().headers), backoff(attempt)), undefined, {
        signal: context.signal,
      });
      continue;
    } catch (error) {
      if (context.signal.aborted) throw context.signal.reason;
      if (error instanceof GuardError || (error instanceof HttpError && error.code !== "reset")) throw error;
      const mayHaveBeenApplied = sent.yes && request.method !== "GET" && request.method !== "HEAD";
      failure = toHttpError(error, { method: request.method, url: request.url.href, mayHaveBeenApplied });
    }
    if (!mayRetry || failure.code !== "reset") throw failure;
    await delay(backoff(attempt), undefined, { signal: context.signal });
  }
}

function isOnce(body: PreparedRequest["body"]): boolean {
  return body !== undefined && typeof body !== "string" && !(body instanceof Uint8Array);
}

function backoff(attempt: number): number {
  return FIRST_BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
}

/** Milliseconds a server asks to wait (RFC 9110, section 10.2.3). */
function retryAfter(headers: Headers): number {
  const value = headers.get("retry-after");
  if (value === null) return 0;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(milliseconds) ? Math.min(Math.max(milliseconds, 0), RETRY_AFTER_LIMIT_MS) : 0;
}

interface Attempt {
  readonly started: number;
  readonly attempt: number;
  /** Whether the request has left this machine. */
  readonly sent: { yes: boolean };
}

async function followRedirects(request: PreparedRequest, context: Context, attempt: Attempt): Promise<Exchange> {
  let { method, url, body, headers } = request;
  let auth = request.auth;
  for (let hop = 0; ; hop += 1) {
    const signed = auth === undefined ? headers : mergeHeaders(headers, await auth({ method, url: url.href }));
    const answer = await send({ method, url, headers: signed, body }, context, attempt);
    const location = answer.fields().headers.get("location");
    if (answer.status < 301 || answer.status > 308 || location === null || answer.status === 304) return answer;
    for await (const _ of answer.body);
    const target = redirectTarget(location, { method, url }, hop);
    if (answer.status < 307 && method !== "GET" && method !== "HEAD") {
      method = "GET";
      body = undefined;
      headers = mergeHeaders(headers, { "content-type": undefined, "content-length": undefined });
    } else if (isOnce(body)) {
      throw new HttpError(
        "redirect",
        { method, url: url.href },
        { message: `the server redirects to ${target.href}, and a stream cannot be sent twice` },
      );
    }
    if (target.origin !== url.origin) {
      auth = undefined;
      headers = mergeHeaders(headers, {
        authorization: undefined,
        cookie: undefined,
        "proxy-authorization": undefined,
      });
    }
    url = target;
  }
}

function redirectTarget(location: string, from: { method: string; url: URL }, hop: number): URL {
  const request = { method: from.method, url: from.url.href };
  const target = URL.parse(location, from.url.href);
  if (target === null)
    throw new HttpError("redirect", request, { message: `the server redirects to ${location}, which is no URL` });
  if (hop >= MOST_REDIRECTS)
    throw new HttpError("redirect", request, { message: `more than ${MOST_REDIRECTS} redirects` });
  if (from.url.protocol === "https:" && target.protocol !== "https:") {
    throw new HttpError("redirect", request, {
      message: `the server redirects to ${target.href}, which is not encrypted`,
    });
  }
  return target;
}

type OneRequest = Pick<PreparedRequest, "method" | "url" | "headers" | "body">;

async function send(request: OneRequest, context: Context, attempt: Attempt): Promise<Exchange> {
  let connection: (ConnectTimings & { reused: boolean; at: number }) | undefined;
  const observer = {
    onSent: (timings: ConnectTimings & { reused: boolean }) => {
      attempt.sent.yes = true;
      connection = { ...timings, at: performance.now() };
    },
  };
  const options: Dispatcher.RequestOptions = {
    origin: request.url.origin,
    path: request.url.pathname + request.url.search,
    method: request.method as Dispatcher.HttpMethod,
    headers: request.headers,
    body: (request.body ?? null) as Dispatcher.RequestOptions["body"] & null,
    signal: context.signal,
    // One limit covers the whole call: the signal.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const answer = await observe(observer, () => context.agent.request(options));
  const firstByte = performance.now();
  const headers = toHeaders(answer.headers);
  return {
    status: answer.statusCode,
    body: answer.body,
    fields: () => ({
      method: request.method,
      status: answer.statusCode,
      headers,
      url: request.url.href,
      attempts: attempt.attempt,
      timings: {
        dns: connection?.dns ?? 0,
        tcp: connection?.tcp ?? 0,
        tls: connection?.tls ?? 0,
        ttfb: firstByte - (connection?.at ?? attempt.started),
        total: performance.now() - attempt.started,
        reused: connection?.reused ?? false,
      },
    }),
  };
}

function toHeaders(raw: Record<string, string | string[] | undefined>): Headers {
  const headers = new Headers();
  for (const [name, given] of Object.entries(raw)) {
    for (const value of [given ?? []].flat()) headers.append(name, value);
  }
  return headers;
}

/** The whole body. @throws HttpError `too-large`. */
export async function readBody(answer: Exchange): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > LARGEST_BODY) {
      throw new HttpError("too-large", answer.fields(), {
        message: "the body does not fit in memory; read it with .stream()",
      });
    }
    chunks.push(chunk);
  }
  // undici gives the connection back a turn after the last byte; a call made before that would open another one.
  await new Promise((resolve) => setImmediate(resolve));
  return Buffer.concat(chunks);
}
