import { setTimeout } from "node:timers/promises";
import {
  decodeMessage,
  encodeMessage,
  type JsonObject,
  type Message,
  newHeader,
  type ParentHeader,
} from "@opsbook/jupyter/codec";
import { Reply, Router, XPublisher } from "zeromq";
import { log } from "../log.ts";
import type { Connection } from "./connection.ts";

export type RequestSocket = "shell" | "control" | "stdin";

/** A message with the way back to who sent it. */
export interface Incoming {
  socket: RequestSocket;
  identities: Buffer[];
  message: Message;
}

const OPTIONS = { linger: 500, sendHighWaterMark: 0, receiveHighWaterMark: 0, ipv6: true } as const;

/** Milliseconds between attempts to reach a front end whose stdin socket is not connected yet. */
const PEER_INTERVAL = 5;

/** Messages kept for the first subscriber, the latest of them. */
const MOST_HELD = 1000;

/** What a subscriber's first byte says. Source: ZMTP 3.1, section "Subscription". */
const SUBSCRIBE = 1;

/** The five sockets of a kernel. Each sends one message at a time; nothing is dropped. */
export class Sockets {
  static async open(connection: Connection, onMessage: (incoming: Incoming) => void): Promise<Sockets> {
    const sockets = new Sockets(connection);
    await sockets.#bind(onMessage);
    return sockets;
  }

  readonly session = crypto.randomUUID();
  readonly #connection: Connection;
  readonly #routers = {
    shell: new Router(OPTIONS),
    control: new Router(OPTIONS),
    stdin: new Router({ ...OPTIONS, mandatory: true }),
  };
  readonly #iopub = new XPublisher({ ...OPTIONS, verbosity: "allSubs" });
  readonly #heartbeat = new Reply({ linger: 0, ipv6: true });
  readonly #last = new Map<Router | XPublisher, Promise<void>>();
  #closing = false;
  /** A publisher drops what nobody hears yet, and a client's first cell may outrun its own subscription. */
  #held: Buffer[][] | null = [];

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** `transient` contents of one execution go out under its header. */
  publish(type: string, content: JsonObject, parent: ParentHeader, metadata: JsonObject = {}): void {
    const message: Message = {
      header: newHeader(type, { session: this.session, username: "kernel" }),
      parent_header: parent,
      metadata,
      content,
      buffers: [],
    };
    const frames = [Buffer.from(type), ...encodeMessage(message, this.#connection.key)];
    if (this.#held === null) this.#send(this.#iopub, frames);
    else {
      this.#held.push(frames);
      if (this.#held.length > MOST_HELD) this.#held.shift();
    }
  }

  reply(request: Incoming, type: string, content: JsonObject): void {
    this.send(request.socket, { type, content, identities: request.identities, parent: request.message.header });
  }

  /**
   * Answers the message's id. A front end's stdin socket may connect later than its shell socket: as long as `wanted`
   * says so, what cannot be delivered yet is tried again.
   */
  send(
    socket: RequestSocket,
    what: { type: string; content: JsonObject; identities: Buffer[]; parent: ParentHeader },
    wanted: () => boolean = () => false,
  ): string {
    const message: Message = {
      header: newHeader(what.type, { session: this.session, username: "kernel" }),
      parent_header: what.parent,
      metadata: {},
      content: what.content,
      buffers: [],
    };
    const frames = [...what.identities, ...encodeMessage(message, this.#connection.key)];
    this.#send(this.#routers[socket], frames, wanted);
    return message.header.msg_id;
  }

  /** Closes everything once what was given has been handed to the network. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#last.values());
    for (const socket of [...Object.values(this.#routers), this.#iopub, this.#heartbeat]) socket.close();
  }

  async #bind(onMessage: (incoming: Incoming) => void): Promise<void> {
    const { shell, control, stdin } = this.#routers;
    const at = this.#connection;
    await Promise.all([
      shell.bind(at.address("shell")),
      control.bind(at.address("control")),
      stdin.bind(at.address("stdin")),
      this.#iopub.bind(at.address("iopub")),
      this.#heartbeat.bind(at.address("hb")),
    ]);
    for (const name of ["shell", "control", "stdin"] as const) void this.#read(name, onMessage);
    void this.#greet();
    void this.#echo();
  }

  async #read(name: RequestSocket, onMessage: (incoming: Incoming) => void): Promise<void> {
    for await (const frames of this.#routers[name]) {
      try {
        const { identities, message } = decodeMessage(frames, this.#connection.key);
        onMessage({ socket: name, identities, message });
      } catch (error) {
        // A message that is not signed with our key is nobody's business to answer.
        log(`A message on ${name} was refused: ${error instanceof Error ? error.message : error}`);
      }
    }
  }

  /** Subscribers hear at once that they are heard. Source: JEP 65. */
  async #greet(): Promise<void> {
    for await (const [frame] of this.#iopub) {
      if (frame?.[0] !== SUBSCRIBE) continue;
      const topic = frame.subarray(1);
      const message: Message = {
        header: newHeader("iopub_welcome", { session: this.session, username: "kernel" }),
        parent_header: {},
        metadata: {},
        content: { subscription: topic.toString() },
        buffers: [],
      };
      this.#send(this.#iopub, [topic, ...encodeMessage(message, this.#connection.key)]);
      for (const frames of this.#held ?? []) this.#send(this.#iopub, frames);
      this.#held = null;
    }
  }

  async #echo(): Promise<void> {
    for await (const frames of this.#heartbeat) await this.#heartbeat.send(frames);
  }

  #send(socket: Router | XPublisher, frames: Buffer[], wanted: () => boolean = () => false): void {
    const previous = this.#last.get(socket) ?? Promise.resolve();
    this.#last.set(
      socket,
      previous.then(() => this.#deliver(socket, frames, wanted)),
    );
  }

  async #deliver(socket: Router | XPublisher, frames: Buffer[], wanted: () => boolean): Promise<void> {
    for (;;) {
      try {
        await socket.send(frames);
        return;
      } catch {
        // A peer that went away is no error of ours.
        if (this.#closing || !wanted()) return;
        await setTimeout(PEER_INTERVAL);
      }
    }
  }
}
