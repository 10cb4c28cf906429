import { type JsonObject, type Message, newHeader } from "@opsbook/jupyter";
import { roleIncludes } from "@opsbook/notebook/session";
import type { Kernel, KernelEvent } from "../runtime/index.ts";
import { isHostMessage } from "../session/index.ts";
import {
  type ChannelMessage,
  decodeLegacy,
  decodeV1,
  encodeLegacy,
  encodeV1,
  V1_SUBPROTOCOL,
} from "./kernel-frames.ts";
import type { Services, SocketCall } from "./services.ts";

/** A client that has this many bytes unread is cut off; it connects again. */
const MOST_UNREAD = 64 * 1024 * 1024;
/** Of a kernel no notebook session keeps the books of, the keeper's spool is let go every so many events. */
const ACKNOWLEDGE_EVERY = 256;
/** Requests remembered for their replies. */
const MOST_REQUESTS = 10_000;

/**
 * `/api/kernels/:id/channels`, Jupyter's own socket, for its clients. The kernel is the same object our sessions
 * drive: what anybody runs is seen on iopub by all; a reply goes to the socket that asked.
 */
export function openKernelSocket(services: Services, call: SocketCall): void {
  const { ws, identity, params } = call;
  const kernel = services.runtime.kernel(params.id ?? "");
  if (!kernel) {
    ws.close(4004, "gone");
    return;
  }
  const isV1 = ws.protocol === V1_SUBPROTOCOL;
  const asked = new Asked();
  const send = (message: ChannelMessage) => {
    if (ws.bufferedAmount > MOST_UNREAD) ws.close(4009, "too-slow");
    else ws.send(isV1 ? encodeV1(message) : encodeLegacy(message));
  };
  const letGo = lettingGo(services, kernel);
  const subscription = kernel.subscribe(Number.MAX_SAFE_INTEGER, (event) => {
    letGo(event);
    const message = toMessage(event, kernel);
    if (message && isHostMessage(message.message)) return;
    if (message && (message.channel === "iopub" || asked.has(message.message))) send(message);
  });
  ws.on("close", () => subscription[Symbol.dispose]());
  ws.on("message", (data: Buffer, isBinary: boolean) => {
    const role = identity.role();
    if (role === null || !roleIncludes(role, "editor")) return;
    let received: ChannelMessage;
    try {
      received = isV1 ? decodeV1(data) : decodeLegacy(data, isBinary);
    } catch (error) {
      services.log.warn({ err: error, kernel: kernel.id }, "a client's message could not be read");
      ws.close(4008, "bad-frame");
      return;
    }
    const { channel, message } = received;
    // What the server and a kernel's helpers tell each other is nobody else's to hear or to say.
    if (channel === "iopub" || isHostMessage(message)) return;
    asked.add(message);
    kernel.send(channel, message).catch((error: unknown) => {
      services.log.warn({ err: error, kernel: kernel.id }, "a message did not reach its kernel");
    });
  });
}

/** Lets the keeper forget what a kernel says that no notebook session keeps the books of: nobody asks for it again. */
export function lettingGo(services: Services, kernel: Kernel): (event: KernelEvent) => void {
  let sinceAcknowledged = 0;
  return ({ kseq, type }) => {
    sinceAcknowledged += 1;
    if ((sinceAcknowledged < ACKNOWLEDGE_EVERY && type === "message") || hasSession(services, kernel)) return;
    sinceAcknowledged = 0;
    kernel.acknowledge(kseq);
  };
}

/** Which requests went out through this socket, so that it gets their replies and prompts and no other's. */
class Asked {
  readonly #ids = new Set<string>();

  add({ header }: Message): void {
    this.#ids.add(header.msg_id);
    if (this.#ids.size <= MOST_REQUESTS) return;
    const oldest = this.#ids.values().next();
    if (!oldest.done) this.#ids.delete(oldest.value);
  }

  has({ parent_header }: Message): boolean {
    return parent_header.msg_id !== undefined && this.#ids.has(parent_header.msg_id);
  }
}

function toMessage(event: KernelEvent, kernel: Kernel): ChannelMessage | null {
  switch (event.type) {
    case "message":
      return { channel: event.channel, message: event.message };
    case "ready":
      return null;
    case "exited":
      return status(kernel, { execution_state: event.expected ? "restarting" : "dead" });
  }
}

/** What Jupyter Server says in the kernel's stead when it is gone. */
function status(kernel: Kernel, content: JsonObject): ChannelMessage {
  const header = newHeader("status", { session: kernel.id });
  return { channel: "iopub", message: { header, parent_header: {}, metadata: {}, content, buffers: [] } };
}

function hasSession(services: Services, kernel: Kernel): boolean {
  return services.sessions.list().some((session) => session.state.runtime.kernelId === kernel.id);
}
