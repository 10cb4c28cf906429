import type { Executions } from "./executions.ts";
import type { Incoming, Sockets } from "./sockets.ts";

interface Prompt {
  id: number;
  index: number;
  prompt: string;
  password: boolean;
}

/** One question at a time is open at the front end; further ones wait for its answer. */
export class StdinPrompts {
  readonly #sockets: Sockets;
  readonly #executions: Executions;
  readonly #onAnswer: (id: number, value: string) => void;
  readonly #waiting: Prompt[] = [];
  #open: { prompt: Prompt; messageId: string } | null = null;

  constructor(sockets: Sockets, executions: Executions, onAnswer: (id: number, value: string) => void) {
    this.#sockets = sockets;
    this.#executions = executions;
    this.#onAnswer = onAnswer;
  }

  ask(prompt: Prompt): void {
    this.#waiting.push(prompt);
    if (!this.#open) this.#next();
  }

  answer(reply: Incoming): void {
    const cause = reply.message.parent_header.msg_id;
    // Front ends that leave the parent out mean the question that is open.
    if (!this.#open || (cause !== undefined && cause !== this.#open.messageId)) return;
    const { value } = reply.message.content;
    this.#onAnswer(this.#open.prompt.id, typeof value === "string" ? value : "");
    this.#open = null;
    this.#next();
  }

  /** An execution ended: nobody waits for its answers any more. */
  drop(index: number): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--)
      if (this.#waiting[i]?.index === index) this.#waiting.splice(i, 1);
    if (this.#open?.prompt.index !== index) return;
    this.#open = null;
    this.#next();
  }

  #next(): void {
    const prompt = this.#waiting.shift();
    if (!prompt) return;
    const content = { prompt: prompt.prompt, password: prompt.password };
    const identities = this.#executions.identitiesOf(prompt.index);
    const parent = this.#executions.parentOf(prompt.index);
    const open = { prompt, messageId: "" };
    this.#open = open;
    open.messageId = this.#sockets.send(
      "stdin",
      { type: "input_request", content, identities, parent },
      () => this.#open === open,
    );
  }
}
