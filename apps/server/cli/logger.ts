import { mkdirSync } from "node:fs";
import { join } from "node:path";
import pino, { type Logger } from "pino";
import type { Scrubber } from "../auth/index.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** JSON lines to `.opsbook/log/server.log`, warnings also to stderr. Every line passes the scrubber (T1). */
export function createLogger(options: { stateDir: string; level: LogLevel; scrubber: Scrubber }): Logger {
  const dir = join(options.stateDir, "log");
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = pino.destination({ dest: join(dir, "server.log"), mode: 0o600, sync: true });
  const scrubbed = (stream: { write: (line: string) => unknown }) => ({
    write: (line: string) => void stream.write(options.scrubber.scrub(line)),
  });
  const streams = pino.multistream([
    { level: options.level, stream: scrubbed(file) },
    { level: "warn", stream: scrubbed(process.stderr) },
  ]);
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, streams);
}
