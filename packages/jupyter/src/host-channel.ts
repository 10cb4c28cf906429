import { z } from "zod";

/**
 * What a kernel's helpers and the server tell each other, over one Jupyter comm. The server opens it; a kernel
 * nobody opened it to says nothing, so a foreign front end never sees these messages.
 * What arrives here is a claim of code in a kernel, never an authority.
 */

export const HOST_COMM_TARGET = "opsbook.host";
export const HOST_CHANNEL_VERSION = 1;

const version = z.literal(HOST_CHANNEL_VERSION);
const id = z.string().min(1).max(200);
const line = z.string().max(2000);
const text = z.string().max(1_000_000);

/** The comm's one id, in every life of kernel and server: a restarted server goes on where the last one was. */
export const HOST_COMM_ID = "opsbook.host";

/** The data of the `comm_open` that the server sends. */
export const hostOpenSchema = z.object({ version });

export const hostMessageSchema = z.discriminatedUnion("type", [
  /** The kernel's answer to `comm_open`, after it has told all secrets again: a restarted server knows none. */
  z.object({ version, type: z.literal("attached") }),
  /** The text to scrub from outputs, history, journal and exports. Only sent over `ipc`: see SPEC J41. */
  z.object({ version, type: z.literal("secret-registered"), name: line, value: z.string().min(1).max(65_536) }),
  z.object({
    version,
    type: z.literal("plan-offered"),
    id,
    title: line,
    /** One line for each change. */
    changes: z.array(line).max(10_000),
    destructive: z.boolean().default(false),
  }),
  /** From the server: the plan may be applied by the execution that carries this answer. */
  z.object({ version, type: z.literal("plan-approved"), id, by: line }),
  z.object({ version, type: z.literal("guard-passed"), rule: line, why: line, reason: line }),
  z.object({
    version,
    type: z.literal("prompt-shown"),
    id,
    prompt: line,
    password: z.boolean().default(false),
    /** As packages/notebook reads it. */
    form: z.json(),
  }),
  /** From the server: what the person answered, or the fields of the form. */
  z.object({ version, type: z.literal("prompt-answered"), id, value: z.json() }),
  /**
   * From the server: values that answer questions by their names, as a run from the command line gives them.
   * `attended`: whether somebody is there to answer the others.
   */
  z.object({
    version,
    type: z.literal("parameters-given"),
    values: z.record(z.string(), z.json()),
    attended: z.boolean(),
  }),
  z.object({
    version,
    type: z.literal("progress"),
    id,
    label: line,
    /** Units done, and in all when that is known. */
    done: z.number().min(0),
    total: z.number().min(0).nullable().default(null),
    finished: z.boolean().default(false),
  }),
  /** The execution waits, and the kernel takes others meanwhile. */
  z.object({ version, type: z.literal("breakpoint-opened"), id, banner: line }),
  /** It goes on, or was interrupted. Said before the end of the execution that let it go on. */
  z.object({ version, type: z.literal("breakpoint-closed"), id }),
  z.object({
    version,
    type: z.literal("terminal-offered"),
    id,
    title: line,
    /** Exactly these arguments, never a shell line. */
    argv: z.array(text).min(1).max(1000),
    cwd: line.optional(),
  }),
]);

export type HostMessage = z.output<typeof hostMessageSchema>;
export type HostMessageType = HostMessage["type"];
