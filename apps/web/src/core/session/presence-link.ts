import type { ClientFrame, Presence, ServerFrame } from "@opsbook/notebook/session";
import type { Peer } from "./cell-views.ts";

/** Own moves are sent at most this often, in milliseconds. */
const SEND_MS = 60;

/** Where everybody is: own moves out, the others' moves in. */
export class PresenceLink {
  #clientId: string;
  #send: (frame: ClientFrame) => void;
  #own: Presence = { cellId: null, selection: null, mode: "command" };
  #timer: ReturnType<typeof setTimeout> | null = null;
  #peers: ReadonlyMap<string, Peer> = new Map();

  constructor(clientId: string, send: (frame: ClientFrame) => void) {
    this.#clientId = clientId;
    this.#send = send;
  }

  /** By client id; a new map after each change. */
  get peers(): ReadonlyMap<string, Peer> {
    return this.#peers;
  }

  set(presence: Presence): void {
    this.#own = presence;
    this.announce();
  }

  /** Says where this person is, as after a new connection. */
  announce(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#send({ type: "presence", presence: this.#own });
    }, SEND_MS);
  }

  /** False where it says nothing new. */
  receive({ clientId, user, presence }: Extract<ServerFrame, { type: "presence" }>): boolean {
    if (clientId === this.#clientId) return false;
    const peers = new Map(this.#peers);
    if (presence) peers.set(clientId, { clientId, name: user.name, userId: user.id, presence });
    else peers.delete(clientId);
    this.#peers = peers;
    return true;
  }

  /** Without a connection nobody is known to be anywhere. */
  clear(): void {
    this.#peers = new Map();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
