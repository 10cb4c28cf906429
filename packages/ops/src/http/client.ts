import type { Agent } from "undici";
import { messageOf } from "../core/errors.ts";
import type { Schema } from "../core/lines.ts";
import { type CallOptions, type Duration, startCancellation } from "../core/options.ts";
import { createConnector } from "./connector.ts";
import { HttpError } from "./error.ts";
import { type Exchange, exchange, readBody } from "./exchange.ts";
import {
  type Auth,
  addQuery,
  DEFAULT_RETRIES,
  type HeaderValues,
  mergeHeaders,
  type PreparedRequest,
  type RequestOptions,
  resolveUrl,
  toBody,
} from "./request.ts";
import { HttpResponse } from "./response.ts";
import type { TlsOptions } from "./tls-options.ts";

export interface ClientOptions extends TlsOptions {
  /** Put before every path. Headers and `auth` of the client go to this origin only. */
  readonly baseUrl?: string;
  readonly headers?: HeaderValues;
  readonly query?: RequestOptions["query"];
  readonly auth?: Auth;
  /** For each call, its body included; default 30 s. */
  readonly timeout?: Duration;
  readonly retries?: number;
}

const DEFAULT_TIMEOUT: Duration = "30s";
const USER_AGENT = "opsbook/0.1";

/** A request that has been started: `await` the answer, or ask for its body at once. */
export class HttpCall implements PromiseLike<HttpResponse> {
  readonly #perform: <T>(read: (exchange: Exchange) => Promise<T>) => Promise<T>;
  readonly #response: Promise<HttpResponse>;
  #lenient = false;
  #streamed = false;

  /** @internal */
  constructor(perform: <T>(read: (exchange: Exchange) => Promise<T>) => Promise<T>) {
    this.#perform = perform;
    // It starts by itself, so that two calls made one after the other run together; one microtask later, so that
    // `.nothrow()` and `.stream()` still count.
    this.#response = Promise.resolve().then(() => (this.#streamed ? new Promise<never>(() => {}) : this.#buffered()));
  }

  // biome-ignore lint/suspicious/noThenProperty: a call is awaited for its answer.
  then<A = HttpResponse, B = never>(
    onFulfilled?: ((response: HttpResponse) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#response.then(onFulfilled, onRejected);
  }

  /** Gives the answer whatever its status. */
  nothrow(): this {
    this.#lenient = true;
    return this;
  }

  async text(): Promise<string> {
    return (await this.#response).text();
  }

  async json<T = unknown>(schema?: Schema<T>): Promise<T> {
    return (await this.#response).json(schema);
  }

  async bytes(): Promise<Uint8Array> {
    return (await this.#response).bytes();
  }

  /** The body while it arrives, for what does not fit in memory. Not repeated when the connection is lost. */
  stream(): AsyncIterable<Uint8Array> {
    this.#streamed = true;
    return this.#stream();
  }

  async *#stream(): AsyncGenerator<Uint8Array, void> {
    const pipe = new TransformStream<Uint8Array, Uint8Array>();
    const writer = pipe.writable.getWriter();
    const done = this.#perform(async (answer) => {
      if (!this.#lenient) await refuseStatus(answer);
      for await (const chunk of answer.body) await writer.write(chunk);
    }).then(
      () => writer.close(),
      (error: unknown) => writer.abort(error),
    );
    done.catch(() => {});
    yield* pipe.readable;
  }

  #buffered(): Promise<HttpResponse> {
    return this.#perform(async (answer) => {
      const body = await readBody(answer);
      const response = new HttpResponse(answer.fields(), body);
      if (!response.ok && !this.#lenient) throw response.toError();
      return response;
    });
  }
}

async function refuseStatus(answer: Exchange): Promise<void> {
  if (answer.status >= 200 && answer.status < 300) return;
  throw new HttpResponse(answer.fields(), await readBody(answer)).toError();
}

/** A configured client that keeps connections open until it is disposed. */
export class HttpClient implements AsyncDisposable {
  readonly #options: ClientOptions;
  #agent: Promise<Agent> | undefined;

  constructor(options: ClientOptions = {}) {
    this.#options = options;
  }

  get(path: string, options?: RequestOptions): HttpCall {
    return this.request("GET", path, options);
  }

  head(path: string, options?: RequestOptions): HttpCall {
    return this.request("HEAD", path, options);
  }

  post(path: string, options?: RequestOptions): HttpCall {
    return this.request("POST", path, options);
  }

  put(path: string, options?: RequestOptions): HttpCall {
    return this.request("PUT", path, options);
  }

  patch(path: string, options?: RequestOptions): HttpCall {
    return this.request("PATCH", path, options);
  }

  delete(path: string, options?: RequestOptions): HttpCall {
    return this.request("DELETE", path, options);
  }

  /** Any method. @throws HttpError `invalid-url` at once; everything else when awaited. */
  request(method: string, path: string, options: RequestOptions = {}): HttpCall {
    const prepared = this.#prepare(method.toUpperCase(), path, options);
    return new HttpCall((read) => this.#perform(prepared, options, read));
  }

  /** Closes every connection; calls under way end first. */
  async [Symbol.asyncDispose](): Promise<void> {
    const agent = await this.#agent;
    this.#agent = undefined;
    await agent?.close();
  }

  #prepare(method: string, path: string, options: RequestOptions): PreparedRequest {
    const url = resolveUrl(path, this.#options.baseUrl, method);
    const own = this.#options.baseUrl === undefined || new URL(this.#options.baseUrl).origin === url.origin;
    const { body, type } = toBody(options);
    addQuery(url, own ? this.#options.query : undefined);
    addQuery(url, options.query);
    return {
      method,
      url,
      body,
      headers: mergeHeaders(
        { "user-agent": USER_AGENT, accept: "*/*", "content-type": type },
        own ? this.#options.headers : undefined,
        options.headers,
      ),
      auth: options.auth ?? (own ? this.#options.auth : undefined),
      retries: options.retries ?? this.#options.retries ?? DEFAULT_RETRIES,
    };
  }

  async #perform<T>(
    request: PreparedRequest,
    options: CallOptions,
    read: (exchange: Exchange) => Promise<T>,
  ): Promise<T> {
    const timeout = options.timeout ?? this.#options.timeout ?? DEFAULT_TIMEOUT;
    using cancellation = startCancellation({ timeout, signal: options.signal });
    const { signal } = cancellation;
    const failed = { method: request.method, url: request.url.href };
    try {
      signal.throwIfAborted();
      this.#agent ??= this.#createAgent();
      return await exchange(request, { agent: await this.#agent, signal }, read);
    } catch (error) {
      if (!signal.aborted || (error !== signal.reason && (error as Error).name !== "AbortError")) throw error;
      const mayHaveBeenApplied = request.method !== "GET" && request.method !== "HEAD";
      throw cancellation.timedOut
        ? new HttpError(
            "timeout",
            { ...failed, mayHaveBeenApplied },
            { message: `${messageOf(signal.reason)}.`, cause: error },
          )
        : new HttpError("aborted", { ...failed, mayHaveBeenApplied }, { message: "interrupted.", cause: error });
    }
  }

  async #createAgent(): Promise<Agent> {
    const { Agent: UndiciAgent } = await import("undici");
    return new UndiciAgent({ connect: createConnector(this.#options) });
  }
}
