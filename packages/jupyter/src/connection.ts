import { isIPv6 } from "node:net";
import { z } from "zod";
import type { Channel } from "./message.ts";

const port = z.int().min(0).max(65535);

/**
 * A kernel's connection file. With `ipc`, `ip` is a path prefix and a port is the suffix of a socket's file name.
 * Source: jupyter_client "Connection files".
 */
export const connectionInfoSchema = z.object({
  transport: z.enum(["tcp", "ipc"]).default("tcp"),
  ip: z.string().min(1),
  shell_port: port,
  iopub_port: port,
  stdin_port: port,
  control_port: port,
  hb_port: port,
  key: z.string(),
  signature_scheme: z.literal(["hmac-sha256", ""]).default("hmac-sha256"),
  kernel_name: z.string().optional(),
});

export type ConnectionInfo = z.output<typeof connectionInfoSchema>;

/** The ZeroMQ address of one channel. */
export function endpoint(info: Pick<ConnectionInfo, "transport" | "ip" | `${Channel}_port`>, channel: Channel): string {
  const number = info[`${channel}_port`];
  if (info.transport === "ipc") return `ipc://${info.ip}-${number}`;
  return `tcp://${isIPv6(info.ip) ? `[${info.ip}]` : info.ip}:${number}`;
}
