import { z } from "zod";
import { createStore } from "zustand/vanilla";

export type ApiErrorCode =
  | "offline"
  | "login-needed"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "refused"
  | "server"
  | "bad-response";

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ApiErrorCode;
  readonly status: number;
  /** The server's own code, when it gave one. */
  readonly reason: string | null;
  /** The parsed body of a refusal, for callers that know more of it. */
  readonly body: unknown;

  constructor(
    code: ApiErrorCode,
    message: string,
    details: { status?: number; reason?: string | null; body?: unknown; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.status = details.status ?? 0;
    this.reason = details.reason ?? null;
    this.body = details.body;
  }
}

/** True once the server said that this browser is not logged in any more; the app covers itself until it is. */
export const loginStore = createStore<{ needed: boolean }>(() => ({ needed: false }));

export function reportLoginNeeded(): void {
  loginStore.setState({ needed: true });
}

/** An address of this server: relative to the page, so that a path prefix of a proxy is kept. */
export function apiUrl(path: string): URL {
  return new URL(path, new URL(".", document.baseURI));
}

export function socketUrl(path: string): URL {
  const url = apiUrl(path);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

/** A path of the served folder inside an address: each part encoded, the slashes kept. */
export function encodePath(path: string): string {
  return path.split("/").filter(Boolean).map(encodeURIComponent).join("/");
}

const refusalSchema = z.object({ message: z.string().catch(""), reason: z.string().nullish().catch(null) });

function codeOf(status: number): ApiErrorCode {
  if (status === 401) return "login-needed";
  if (status === 403) return "forbidden";
  if (status === 404 || status === 410) return "not-found";
  if (status === 409 || status === 412) return "conflict";
  return status < 500 ? "refused" : "server";
}

async function refusal(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const parsed = refusalSchema.safeParse(body);
  const message = (parsed.success && parsed.data.message) || `The server answered ${response.status}.`;
  if (response.status === 401) reportLoginNeeded();
  return new ApiError(codeOf(response.status), message, {
    status: response.status,
    reason: parsed.success ? (parsed.data.reason ?? null) : null,
    body,
  });
}

export interface RequestOptions<Schema extends z.ZodType> {
  schema: Schema;
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
  signal?: AbortSignal;
}

/** One request of the REST API; whatever comes back has passed `schema`. */
export async function request<Schema extends z.ZodType>(
  path: string,
  options: RequestOptions<Schema>,
): Promise<z.infer<Schema>> {
  let response: Response;
  try {
    response = await fetch(apiUrl(path), {
      method: options.method ?? "GET",
      credentials: "same-origin",
      cache: "no-store",
      headers: {
        Accept: "application/json",
        ...(options.body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new ApiError("offline", "The server cannot be reached.", { cause });
  }
  if (!response.ok) throw await refusal(response);
  const text = await response.text();
  try {
    return options.schema.parse(text === "" ? null : JSON.parse(text));
  } catch (cause) {
    throw new ApiError("bad-response", "The server's answer could not be read.", { status: response.status, cause });
  }
}

/** A person's words for any failure. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
