import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { KernelError } from "../error.ts";

/*
 * The connection file and the requests are read by hand, not by the schemas of packages/jupyter: loading those takes
 * 40 ms of a start that takes 120.
 */

type Socket = "shell" | "control" | "stdin" | "iopub" | "hb";

export interface Connection {
  key: string;
  transport: "tcp" | "ipc";
  address(socket: Socket): string;
}

/** Source: jupyter_client "Connection files". */
export function readConnection(file: string): Connection {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new KernelError("connection-file", `The connection file ${file} cannot be read.`, { cause });
  }
  const fields = new Map(Object.entries(typeof raw === "object" && raw !== null ? raw : {}));
  const text = (name: string, otherwise?: string): string => {
    const value: unknown = fields.get(name) ?? otherwise;
    if (typeof value === "string") return value;
    throw new KernelError("connection-file", `The connection file ${file} lacks ${name}.`);
  };
  const transport = text("transport", "tcp");
  if (transport !== "tcp" && transport !== "ipc") {
    throw new KernelError("connection-file", `The transport ${transport} is not known: tcp or ipc.`);
  }
  const key = text("key");
  const scheme = text("signature_scheme", "hmac-sha256");
  if (key !== "" && scheme !== "hmac-sha256") {
    throw new KernelError("connection-file", `The signature scheme ${scheme} is not known: hmac-sha256.`);
  }
  const ip = text("ip");
  return {
    key,
    transport,
    address(socket) {
      const port: unknown = fields.get(`${socket}_port`);
      if (typeof port !== "number" || !Number.isInteger(port) || port < 0) {
        throw new KernelError("connection-file", `The connection file ${file} lacks ${socket}_port.`);
      }
      if (transport === "ipc") return `ipc://${ip}-${port}`;
      return `tcp://${isIPv6(ip) ? `[${ip}]` : ip === "localhost" ? "127.0.0.1" : ip}:${port}`;
    },
  };
}
