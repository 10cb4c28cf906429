import { StringDecoder } from "node:string_decoder";
import { roleIncludes } from "@opsbook/notebook/session";
import { z } from "zod";
import type { Services, SocketCall } from "./services.ts";
import { sizeSchema } from "./terminal-handlers.ts";

/** Jupyter's protocol has no acknowledgements: what the socket has not sent yet is all there is to go by. Bytes. */
const PAUSE_ABOVE = 512 * 1024;
const LOOK_AGAIN_MS = 20;

const frameSchema = z.union([
  z.tuple([z.literal("stdin"), z.string()]),
  z.tuple([z.literal("set_size"), sizeSchema.rows, sizeSchema.cols]).rest(z.unknown()),
]);

/** `/terminals/websocket/:name`: JSON arrays, as terminado speaks them. */
export function openJupyterTerminalSocket(services: Services, call: SocketCall): void {
  const { ws, identity, params } = call;
  const send = (...frame: unknown[]) => ws.send(JSON.stringify(frame));
  const decoder = new StringDecoder("utf8");
  send("setup", {});
  let waiting: NodeJS.Timeout | undefined;
  const goOnWhenSent = () => {
    if (ws.bufferedAmount > PAUSE_ABOVE) return;
    clearInterval(waiting);
    waiting = undefined;
    handle.resume();
  };
  const handle = services.runtime.terminals.attach(params.name ?? "", {
    fromOffset: 0,
    onData(_offset, data) {
      send("stdout", decoder.write(data));
      if (ws.bufferedAmount <= PAUSE_ABOVE || waiting) return;
      handle.pause();
      waiting = setInterval(goOnWhenSent, LOOK_AGAIN_MS);
    },
    onExit() {
      send("disconnect", 1);
      ws.close(1000, "exited");
    },
  });
  ws.on("close", () => {
    clearInterval(waiting);
    handle.dispose();
  });
  ws.on("message", (data: Buffer) => {
    const role = identity.role();
    if (role === null || !roleIncludes(role, "editor")) return;
    const frame = parseFrame(data);
    switch (frame?.[0]) {
      case undefined:
        ws.close(4008, "bad-frame");
        return;
      case "stdin":
        handle.write(frame[1]);
        return;
      case "set_size":
        handle.resize(frame[2], frame[1]);
        return;
    }
  });
}

function parseFrame(data: Buffer): z.infer<typeof frameSchema> | null {
  try {
    return frameSchema.parse(JSON.parse(data.toString("utf8")));
  } catch {
    return null;
  }
}
