/** Headers of the frames on the keeper's socket. README.md holds the same as a table, with the life cycle. */
import { z } from "zod";
import { keeperErrorCodeSchema } from "./error.ts";

/** Raised whenever a header changes its meaning; the two sides must agree on it. */
export const KEEPER_PROTOCOL = 1;

/** What a subscriber may have unread on its way, in bytes; the kernel's spool holds the rest. */
export const SUBSCRIPTION_WINDOW = 1024 * 1024;

/** What an attached terminal view may have unread on its way, in bytes; the terminal's ring holds the rest. */
export const TERMINAL_WINDOW = 128 * 1024;

const text = z.string().min(1);
const count = z.int().min(0);
const strings = z.record(z.string(), z.string());

const kernelspecSchema = z.object({
  name: text,
  displayName: z.string(),
  language: z.string(),
  argv: z.array(z.string()).min(1),
  env: strings,
  interruptMode: z.enum(["signal", "message"]),
  metadata: z.record(z.string(), z.json()),
  resourceDir: z.string().nullable(),
});
export type Kernelspec = z.output<typeof kernelspecSchema>;

const kernelStateSchema = z.enum(["starting", "ready", "dead"]);
export type KernelState = z.output<typeof kernelStateSchema>;

const kernelInfoSchema = z.object({
  id: text,
  label: z.string(),
  cwd: text,
  spec: kernelspecSchema,
  state: kernelStateSchema,
  pid: z.int().nullable(),
  /** Sequence number of the newest event, 0 before the first. */
  lastKseq: count,
  /** Why it does not answer though its process runs, in words; null where it does. */
  silence: z.string().nullable().default(null),
});
export type KernelInfo = z.output<typeof kernelInfoSchema>;

const terminalInfoSchema = z.object({
  name: text,
  pid: z.int(),
  cwd: text,
  cols: z.int().min(1),
  rows: z.int().min(1),
  /** ISO 8601 */
  startedAt: z.string(),
  exited: z.object({ code: z.int().nullable(), signal: z.string().nullable() }).nullable(),
});
export type TerminalInfo = z.output<typeof terminalInfoSchema>;

const req = count;
const kernel = text;
const name = text;
const requestChannel = z.enum(["shell", "control", "stdin"]);
const size = { cols: z.int().min(1).max(10_000), rows: z.int().min(1).max(10_000) };
const parts = z.array(count);

/** Server to keeper. Those with `req` are answered by `done` or `failed`. */
export const requestSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("hello"), protocol: z.int(), pid: z.int() }),
  z.object({
    type: z.literal("kernel-start"),
    req,
    kernel,
    label: z.string(),
    cwd: text,
    spec: kernelspecSchema,
    env: strings,
    transport: z.enum(["ipc", "tcp"]),
    readyTimeoutMs: z.int().min(1),
    firstKseq: z.int().min(1),
    /** Started ahead of need: nobody's until adopted, and ended when its server leaves. */
    spare: z.boolean(),
  }),
  z.object({ type: z.literal("kernel-adopt"), req, kernel, label: z.string() }),
  z.object({ type: z.literal("kernel-subscribe"), sub: count, kernel, after: count }),
  z.object({ type: z.literal("kernel-unsubscribe"), sub: count }),
  z.object({ type: z.literal("kernel-received"), sub: count, bytes: count }),
  z.object({ type: z.literal("kernel-acknowledge"), kernel, kseq: count }),
  z.object({ type: z.literal("kernel-send"), req, kernel, channel: requestChannel, parts }),
  z.object({
    type: z.literal("kernel-request"),
    req,
    kernel,
    channel: z.enum(["shell", "control"]),
    parts,
    timeoutMs: z.int().min(1),
  }),
  z.object({ type: z.literal("kernel-interrupt"), req, kernel }),
  z.object({ type: z.literal("kernel-restart"), req, kernel }),
  z.object({ type: z.literal("kernel-shutdown"), req, kernel }),
  z.object({
    type: z.literal("terminal-create"),
    req,
    cwd: text,
    ...size,
    argv: z.array(z.string()).min(1),
    env: strings,
  }),
  z.object({ type: z.literal("terminal-attach"), attach: count, name, from: count }),
  z.object({ type: z.literal("terminal-detach"), attach: count }),
  z.object({ type: z.literal("terminal-received"), attach: count, bytes: count }),
  z.object({ type: z.literal("terminal-write"), name }),
  z.object({ type: z.literal("terminal-resize"), name, ...size }),
  z.object({ type: z.literal("terminal-kill"), req, name }),
  z.object({ type: z.literal("shutdown"), req }),
]);
export type KeeperRequest = z.output<typeof requestSchema>;

/** Keeper to server. */
export const responseSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("welcome"),
    protocol: z.int(),
    pid: z.int(),
    kernels: z.array(kernelInfoSchema),
    terminals: z.array(terminalInfoSchema),
  }),
  z.object({ type: z.literal("refused"), protocol: z.int(), pid: z.int(), message: z.string() }),
  z.object({ type: z.literal("replaced") }),
  z.object({ type: z.literal("done"), req, terminal: terminalInfoSchema.nullable(), parts: parts.nullable() }),
  z.object({ type: z.literal("failed"), req, code: keeperErrorCodeSchema, message: z.string() }),
  z.object({ type: z.literal("kernel-state"), kernel: kernelInfoSchema }),
  z.object({ type: z.literal("kernel-gone"), kernel }),
  z.object({ type: z.literal("kernel-events"), sub: count }),
  z.object({ type: z.literal("terminal-state"), terminal: terminalInfoSchema }),
  z.object({ type: z.literal("terminal-gone"), name }),
  z.object({ type: z.literal("terminal-data"), attach: count, offset: count }),
  z.object({
    type: z.literal("terminal-exited"),
    attach: count,
    code: z.int().nullable(),
    signal: z.string().nullable(),
  }),
]);
export type KeeperResponse = z.output<typeof responseSchema>;
