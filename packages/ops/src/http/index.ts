import { type ClientOptions, type HttpCall, HttpClient } from "./client.ts";
import { basic, bearer, type RequestOptions } from "./request.ts";

export { type ClientOptions, HttpCall, HttpClient } from "./client.ts";
export { HttpError, type HttpErrorCode } from "./error.ts";
export type { Auth, HeaderValues, RequestBody, RequestOptions } from "./request.ts";
export { HttpResponse, type Timings } from "./response.ts";
export type { TlsOptions } from "./tls-options.ts";

/** Connections are shared and nothing else: no cookies, no headers, no credentials pass from one call to the next. */
const bare = new HttpClient();

/** Requests without a client, and clients. Every call throws {@link HttpError} for a status other than 2xx. */
export interface Http {
  /**
   * @example
   * const { status } = await http.get("http://127.0.0.1:8888/healthz").nothrow();
   */
  get(url: string, options?: RequestOptions): HttpCall;
  /**
   * @example
   * const there = (await http.head("https://example.org/").nothrow()).ok;
   */
  head(url: string, options?: RequestOptions): HttpCall;
  /**
   * Never repeated by itself: the error of a lost connection says that the change may have been applied.
   * @example
   * const made = await http.post("https://example.org/things", { json: { name: "a" } }).json();
   */
  post(url: string, options?: RequestOptions): HttpCall;
  /**
   * @example
   * await http.put("https://example.org/things/1", { json: { name: "b" } });
   */
  put(url: string, options?: RequestOptions): HttpCall;
  /**
   * Never repeated by itself, as `post`.
   * @example
   * await http.patch("https://example.org/things/1", { json: { name: "c" } });
   */
  patch(url: string, options?: RequestOptions): HttpCall;
  /**
   * @example
   * await http.delete("https://example.org/things/1");
   */
  delete(url: string, options?: RequestOptions): HttpCall;
  /**
   * Any other method.
   * @example
   * const allowed = (await http.request("OPTIONS", "https://example.org/")).headers.get("allow");
   */
  request(method: string, url: string, options?: RequestOptions): HttpCall;
  /**
   * A client with settings of its own that keeps connections open.
   * @example
   * await using api = http.client({ baseUrl: "https://example.org/api", timeout: "5s" });
   * const things = await api.get("/things", { query: { limit: 10 } }).json();
   */
  client(options: ClientOptions): HttpClient;
  readonly basic: typeof basic;
  readonly bearer: typeof bearer;
}

export const http: Http = Object.freeze({
  get: (url: string, options?: RequestOptions) => bare.get(url, options),
  head: (url: string, options?: RequestOptions) => bare.head(url, options),
  post: (url: string, options?: RequestOptions) => bare.post(url, options),
  put: (url: string, options?: RequestOptions) => bare.put(url, options),
  patch: (url: string, options?: RequestOptions) => bare.patch(url, options),
  delete: (url: string, options?: RequestOptions) => bare.delete(url, options),
  request: (method: string, url: string, options?: RequestOptions) => bare.request(method, url, options),
  client: (options: ClientOptions) => new HttpClient(options),
  basic,
  bearer,
});
