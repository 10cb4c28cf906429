import { STATUS_CODES } from "node:http";
import { displaySymbol, escapeHtml, formatBytes, formatDuration, type MimeBundle } from "../core/display.ts";
import { messageOf } from "../core/errors.ts";
import type { Schema } from "../core/lines.ts";
import { redact } from "../core/secret.ts";
import { decodeUtf8 } from "../core/utf8.ts";
import { HttpError } from "./error.ts";

/** Milliseconds. `dns`, `tcp` and `tls` are 0 on a connection that was used before. */
export interface Timings {
  readonly dns: number;
  readonly tcp: number;
  readonly tls: number;
  /** From sending the request to the first byte of the answer. */
  readonly ttfb: number;
  readonly total: number;
  readonly reused: boolean;
}

export interface ResponseFields {
  readonly method: string;
  readonly status: number;
  readonly headers: Headers;
  /** After redirects. */
  readonly url: string;
  readonly timings: Timings;
  /** How often it was asked, retries included. */
  readonly attempts: number;
}

const EXCERPT = 1000;

/** An answer with its whole body. */
export class HttpResponse implements ResponseFields {
  readonly method: string;
  readonly status: number;
  readonly headers: Headers;
  readonly url: string;
  readonly timings: Timings;
  readonly attempts: number;
  readonly #body: Uint8Array;

  constructor(fields: ResponseFields, body: Uint8Array) {
    this.method = fields.method;
    this.status = fields.status;
    this.headers = fields.headers;
    this.url = fields.url;
    this.timings = Object.freeze({ ...fields.timings });
    this.attempts = fields.attempts;
    this.#body = body;
    Object.freeze(this);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** The body as text, in the encoding its `content-type` names or UTF-8. @throws HttpError `invalid-text`. */
  text(): string {
    const charset = /charset="?([^";]+)/i.exec(this.headers.get("content-type") ?? "")?.[1] ?? "utf-8";
    if (/^utf-?8$/i.test(charset)) {
      return decodeUtf8(this.#body, (invalid) =>
        this.#error(
          "invalid-text",
          `the body is not UTF-8 at byte ${invalid.offset} (${invalid.window}); take bytes()`,
        ),
      );
    }
    try {
      return new TextDecoder(charset, { fatal: true }).decode(this.#body);
    } catch (cause) {
      throw this.#error("invalid-text", `the body is not ${charset}; take bytes()`, cause);
    }
  }

  /** The body as JSON, checked by `schema` when one is given. @throws HttpError `invalid-json`. */
  json<T = unknown>(schema?: Schema<T>): T {
    const text = this.text();
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw this.#error(
        "invalid-json",
        `the body is not JSON: ${messageOf(cause)}; it begins with ${JSON.stringify(text.slice(0, 80))}`,
        cause,
      );
    }
    return schema === undefined ? (value as T) : schema.parse(value);
  }

  bytes(): Uint8Array {
    return this.#body;
  }

  /** The body in one piece, for what wants a stream. An answer too large for memory: `http.get(url).stream()`. */
  async *stream(): AsyncGenerator<Uint8Array, void> {
    yield this.#body;
  }

  /** The error this answer stands for when its status is not 2xx. */
  toError(): HttpError {
    const reason = STATUS_CODES[this.status] ?? "";
    const excerpt = redact(this.#excerpt());
    const said = excerpt === "" ? "" : `: ${excerpt.slice(0, 300)}`;
    const request = {
      method: this.method,
      url: this.url,
      status: this.status,
      excerpt,
      requestId: this.headers.get("x-request-id") ?? undefined,
    };
    const took = formatDuration(this.timings.total);
    return new HttpError("status", request, { message: `${this.status} ${reason} after ${took}${said}` });
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.#summary();
  }

  [displaySymbol](): MimeBundle {
    const body = redact(this.#excerpt());
    const summary = this.#summary();
    return {
      "text/plain": body === "" ? summary : `${summary}\n${body}`,
      "text/html": `<div><b>${escapeHtml(summary)}</b><pre>${escapeHtml(body)}</pre></div>`,
    };
  }

  #summary(): string {
    const type = this.headers.get("content-type")?.split(";")[0] ?? "no type";
    const parts = [`${this.status} ${STATUS_CODES[this.status] ?? ""}`.trim(), type, formatBytes(this.#body.length)];
    return redact(`${this.method} ${this.url} → ${parts.join(" · ")} · ${formatDuration(this.timings.total)}`);
  }

  #excerpt(): string {
    const start = Buffer.from(this.#body.subarray(0, EXCERPT));
    if (start.includes(0)) return `[${formatBytes(this.#body.length)} of binary data]`;
    return start.toString("utf8").trim() + (this.#body.length > EXCERPT ? " …" : "");
  }

  #error(code: "invalid-text" | "invalid-json", message: string, cause?: unknown): HttpError {
    return new HttpError(code, { method: this.method, url: this.url, status: this.status }, { message, cause });
  }
}
