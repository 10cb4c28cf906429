import {
  type LanguageFrame,
  type LanguageQuestion,
  type LanguageRequest,
  languageRequestSchema,
} from "@opsbook/notebook/language";
import { LANGUAGE_ROLES, roleIncludes } from "@opsbook/notebook/session";
import type { Conversation } from "../language/index.ts";
import { RenameRefused, RpcError, TextChanged } from "../language/index.ts";
import type { Session } from "../session/index.ts";
import type { Services, SocketCall } from "./services.ts";

/** `/api/opsbook/sessions/:id/language`: questions about code, by cell and offset; what is wrong comes unasked. */
export function openLanguageSocket(services: Services, call: SocketCall): void {
  const session = services.sessions.session(call.params.id ?? "");
  if (session) new LanguageSocket(services, call, session);
  else call.ws.close(4004, "gone");
}

class LanguageSocket {
  readonly #services: Services;
  readonly #call: SocketCall;
  readonly #session: Session;
  readonly #lease: ReturnType<Services["language"]["use"]>;
  readonly #conversation: Conversation = { list: null };
  readonly #questions = new Map<number, { type: LanguageQuestion["type"]; abort: AbortController }>();
  readonly #held: Disposable[] = [];

  constructor(services: Services, call: SocketCall, session: Session) {
    this.#services = services;
    this.#call = call;
    this.#session = session;
    const { ws } = call;
    this.#lease = services.language.use(session);
    this.#held.push(services.language.onStatus((status) => this.#send(status)));
    this.#send(services.language.status);
    ws.on("message", (data: Buffer) => this.#receive(data));
    ws.on("close", () => this.#close());
    this.#lease.then(
      ({ language }) => {
        if (ws.readyState !== ws.OPEN || !this.#may("complete")) return;
        this.#held.push(language.watchProblems((found) => this.#send({ type: "problems", ...found })));
      },
      (error: Error) => {
        services.log.error({ err: error }, "the language service could not open a notebook");
        this.#send({ type: "status", state: "unavailable", message: `Help while typing is off: ${error.message}` });
      },
    );
  }

  #may(type: LanguageRequest["type"]): boolean {
    const role = this.#call.identity.role();
    return role !== null && roleIncludes(role, LANGUAGE_ROLES[type]);
  }

  #receive(data: Buffer): void {
    const { ws } = this.#call;
    const request = parse(data);
    if (!request) ws.close(4008, "bad-frame");
    else if (this.#services.sessions.session(this.#session.id) !== this.#session) ws.close(4004, "gone");
    else if (request.type === "cancel") {
      this.#questions.get(request.id)?.abort.abort();
      this.#questions.delete(request.id);
    } else if (this.#may(request.type)) void this.#ask(request);
    else {
      const message = "Only who may edit the notebook gets help with writing it.";
      this.#send({ type: "failed", id: request.id, code: "forbidden", message });
    }
  }

  async #ask(question: LanguageQuestion): Promise<void> {
    const { id, type } = question;
    // Whoever typed on does not wait for the old answer.
    for (const [other, { type: its, abort }] of this.#questions) {
      if (its !== type || type === "resolve") continue;
      abort.abort();
      this.#questions.delete(other);
    }
    const abort = new AbortController();
    this.#questions.set(id, { type, abort });
    try {
      const { language } = await this.#lease;
      const result = await language.ask(question, this.#conversation, abort.signal);
      if (!abort.signal.aborted) this.#send({ type: "answer", id, result });
    } catch (error) {
      if (!abort.signal.aborted) this.#send({ type: "failed", id, ...this.#failure(error) });
    } finally {
      if (this.#questions.get(id)?.abort === abort) this.#questions.delete(id);
    }
  }

  #failure(error: unknown): Pick<Extract<LanguageFrame, { type: "failed" }>, "code" | "message"> {
    if (error instanceof TextChanged) return { code: "text-changed", message: error.message };
    if (error instanceof RenameRefused) return { code: "refused", message: error.message };
    if (error instanceof RpcError)
      return { code: error.code === "refused" ? "refused" : "unavailable", message: error.message };
    this.#services.log.error({ err: error }, "a question about code could not be answered");
    return { code: "unavailable", message: "The language service failed; the server's log says why." };
  }

  #send(frame: LanguageFrame): void {
    const { ws } = this.#call;
    if (ws.readyState === ws.OPEN) ws.send(JSON.stringify(frame));
  }

  #close(): void {
    for (const { abort } of this.#questions.values()) abort.abort();
    for (const held of this.#held) held[Symbol.dispose]();
    this.#lease.then(
      (lease) => lease[Symbol.dispose](),
      () => {},
    );
  }
}

function parse(data: Buffer): LanguageRequest | null {
  try {
    return languageRequestSchema.parse(JSON.parse(data.toString("utf8")));
  } catch {
    return null;
  }
}
