import { roleIncludes } from "@opsbook/notebook/session";
import type { WebSocket } from "ws";
import { z } from "zod";
import { HttpError } from "./errors.ts";
import type { Services, SocketCall } from "./services.ts";
import { sizeSchema } from "./terminal-handlers.ts";

/** Bytes on their way to the browser above which the shell has to wait, and below which it goes on. */
const PAUSE_ABOVE = 512 * 1024;
const RESUME_BELOW = 128 * 1024;

const clientFrameSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("resize"), ...sizeSchema }),
  /** Everything before `offset` has been drawn. */
  z.strictObject({ type: z.literal("ack"), offset: z.number().int().min(0) }),
]);
const offsetSchema = z.coerce.number().int().min(0).catch(0);

/**
 * `/api/opsbook/terminals/:name/socket?offset=N`: binary frames are bytes of the terminal, text frames are JSON.
 * Who may only watch sees everything and can send nothing but acknowledgements.
 */
export function openTerminalSocket(services: Services, call: SocketCall): void {
  const { ws, identity, params } = call;
  const name = params.name ?? "";
  const terminal = services.runtime.terminals.list().find((one) => one.name === name);
  if (!terminal) {
    ws.close(4004, "gone");
    return;
  }
  const { cols, rows } = terminal;
  const flow = new Flow();
  let position = offsetSchema.parse(call.query.get("offset") ?? 0);
  const welcome = (offset: number) => {
    position = offset;
    flow.start(offset);
    ws.send(JSON.stringify({ type: "welcome", offset, cols, rows }));
  };
  welcome(position);
  const handle = services.runtime.terminals.attach(name, {
    fromOffset: position,
    onData(offset, data) {
      // Older than the scrollback, or this viewer was too slow for it: a second welcome says where it goes on.
      if (offset !== position) welcome(offset);
      position = offset + data.length;
      ws.send(data);
      if (flow.sent(position)) handle.pause();
    },
    onExit(code, signal) {
      ws.send(JSON.stringify({ type: "exited", code, signal }));
      ws.close(1000, "exited");
    },
  });
  ws.on("close", () => handle.dispose());
  const mayWrite = () => {
    const role = identity.role();
    return role !== null && roleIncludes(role, "editor");
  };
  ws.on("message", (data: Buffer, isBinary: boolean) => {
    if (isBinary) {
      if (mayWrite()) handle.write(data);
      else refuse(ws);
      return;
    }
    const frame = parseFrame(data);
    switch (frame?.type) {
      case undefined:
        ws.close(4008, "bad-frame");
        return;
      case "ack":
        if (flow.acknowledged(frame.offset)) handle.resume();
        return;
      case "resize":
        if (mayWrite()) handle.resize(frame.cols, frame.rows);
        return;
    }
  });
}

function refuse(ws: WebSocket): void {
  ws.send(JSON.stringify({ type: "refused", message: "You may watch this terminal but not type in it." }));
}

function parseFrame(data: Buffer): z.infer<typeof clientFrameSchema> | null {
  try {
    return clientFrameSchema.parse(JSON.parse(data.toString("utf8")));
  } catch {
    return null;
  }
}

/** What one viewer has on its way, by byte offsets of the terminal. */
class Flow {
  #sent = 0;
  #acknowledged = 0;
  #paused = false;

  start(offset: number): void {
    this.#sent = offset;
    this.#acknowledged = offset;
  }

  /** True when the terminal must pause now. */
  sent(upTo: number): boolean {
    this.#sent = upTo;
    if (this.#paused || this.#sent - this.#acknowledged <= PAUSE_ABOVE) return false;
    this.#paused = true;
    return true;
  }

  /** True when it may go on now. A client cannot acknowledge what it was never sent. */
  acknowledged(upTo: number): boolean {
    this.#acknowledged = Math.min(this.#sent, Math.max(this.#acknowledged, upTo));
    if (!this.#paused || this.#sent - this.#acknowledged >= RESUME_BELOW) return false;
    this.#paused = false;
    return true;
  }
}

export function requireTerminal(services: Services, name: string | undefined): void {
  if (!services.runtime.terminals.list().some((one) => one.name === name)) {
    throw new HttpError("not-found", `Terminal not found: ${name}`);
  }
}
