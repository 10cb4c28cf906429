import {
  type LanguageFrame,
  type LanguageQuestion,
  languageFrameSchema,
  type Problem,
  type ResultOf,
} from "@opsbook/notebook/language";
import { CLOSE_CODES, type CloseCode, sourceHash } from "@opsbook/notebook/session";
import { createStore } from "zustand/vanilla";
import type { NotebookSession } from "../../core/session/notebook-session.ts";

export interface CellProblems {
  /** Of the text they belong to. */
  sourceHash: string;
  problems: readonly Problem[];
}

type Type = LanguageQuestion["type"];
/** A question without what the link adds: its number, and for a place the text that the offset is of. */
type Asked<T extends Type> = Omit<Extract<LanguageQuestion, { type: T }>, "id" | "sourceHash">;

export interface Cancellation {
  readonly isCancellationRequested: boolean;
  onCancellationRequested(listener: () => void): { dispose(): void };
}

export interface Answer<T extends Type> {
  /** Names a completion list when one of its items is asked about. */
  id: number;
  result: ResultOf<T> | null;
  /** Why there is no answer. */
  failure: { code: string; message: string } | null;
}

interface Waiting {
  resolve(frame: Extract<LanguageFrame, { type: "answer" | "failed" }> | null): void;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 15_000;
/** How often a question is put again because somebody else typed in the cell meanwhile. */
const RETRIES = 2;

/** This page's end of the language socket of one notebook. It lives as long as the session is connected. */
export class LanguageLink {
  readonly problems = createStore<ReadonlyMap<string, CellProblems>>(() => new Map());
  readonly #session: NotebookSession;
  readonly #url: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #stop: () => void;
  #socket: WebSocket | null = null;
  #lastId = 0;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #ended = false;

  constructor(session: NotebookSession, url: string) {
    this.#session = session;
    this.#url = url;
    this.#stop = session.store.subscribe(() => this.#follow());
    this.#follow();
  }

  /** Null as result: nothing is known, or there is no service now. */
  async ask<T extends Type>(question: Asked<T>, cancellation?: Cancellation): Promise<Answer<T>> {
    for (let round = 0; ; round += 1) {
      const answer = await this.#askOnce<T>(question, cancellation);
      if (answer.failure?.code !== "text-changed" || round === RETRIES || cancellation?.isCancellationRequested)
        return answer;
    }
  }

  close(): void {
    this.#ended = true;
    this.#stop();
    this.#disconnect();
  }

  async #askOnce<T extends Type>(question: Asked<T>, cancellation: Cancellation | undefined): Promise<Answer<T>> {
    this.#lastId += 1;
    const id = this.#lastId;
    const none: Answer<T> = { id, result: null, failure: null };
    const cellId = "cellId" in question && typeof question.cellId === "string" ? question.cellId : null;
    // The server answers about the text it has: what was typed goes there first.
    if (cellId !== null) await this.#session.texts.flush(cellId);
    const text = cellId === null ? null : this.#session.cells.get(cellId)?.getState().source;
    if (text === undefined || this.#socket?.readyState !== WebSocket.OPEN || cancellation?.isCancellationRequested)
      return none;
    const { promise, resolve } = Promise.withResolvers<Extract<LanguageFrame, { type: "answer" | "failed" }> | null>();
    this.#waiting.set(id, { resolve });
    this.#socket.send(JSON.stringify({ ...question, id, ...(text === null ? {} : { sourceHash: sourceHash(text) }) }));
    const cancel = cancellation?.onCancellationRequested(() => {
      this.#socket?.send(JSON.stringify({ type: "cancel", id }));
      resolve(null);
    });
    const frame = await promise;
    cancel?.dispose();
    this.#waiting.delete(id);
    if (frame?.type === "failed") return { ...none, failure: frame };
    const result = frame?.result?.type === question.type ? (frame.result as ResultOf<T>) : null;
    return { ...none, result };
  }

  #follow(): void {
    const { connection } = this.#session.store.getState();
    if (connection !== "online") this.#disconnect();
    else if (this.#socket === null && this.#retry === null && !this.#ended) this.#connect();
  }

  #connect(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#attempt = 0;
    });
    socket.addEventListener("message", ({ data }) => {
      if (socket === this.#socket) this.#receive(data);
    });
    socket.addEventListener("close", ({ code }) => {
      if (socket !== this.#socket) return;
      this.#disconnect();
      if (this.#ended || (code in CLOSE_CODES && CLOSE_CODES[code as CloseCode].terminal)) return;
      const pause = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempt);
      this.#attempt += 1;
      this.#retry = setTimeout(() => {
        this.#retry = null;
        this.#follow();
      }, pause);
    });
  }

  #receive(data: unknown): void {
    let frame: LanguageFrame;
    try {
      frame = languageFrameSchema.parse(JSON.parse(String(data)));
    } catch (error) {
      // Help while typing is an extra: the notebook goes on without it.
      console.error(error);
      return;
    }
    switch (frame.type) {
      case "answer":
      case "failed":
        this.#waiting.get(frame.id)?.resolve(frame);
        break;
      case "problems": {
        const { cellId, problems, sourceHash: of } = frame;
        this.problems.setState((before) => new Map(before).set(cellId, { sourceHash: of, problems }), true);
        break;
      }
      case "status":
        break;
    }
  }

  #disconnect(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    for (const { resolve } of this.#waiting.values()) resolve(null);
    this.#waiting.clear();
  }
}
