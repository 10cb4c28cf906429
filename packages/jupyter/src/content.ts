import { z } from "zod";
import { JupyterError } from "./error.ts";
import type { JsonObject, JsonValue } from "./message.ts";

/**
 * Contents of the messages of protocol 5.4, as loose as kernels in the field need: keys we do not know pass through,
 * keys that some kernels leave out have the protocol's default.
 */

const json: z.ZodType<JsonValue> = z.json();
const object: z.ZodType<JsonObject> = z.record(z.string(), json);
const bundle = object;
const count = z
  .int()
  .nullish()
  .transform((value) => value ?? null);
const empty = z.looseObject({});

const errorFields = {
  ename: z.string().default("Error"),
  evalue: z.string().default(""),
  traceback: z.array(z.string()).default([]),
};
const failed = z.looseObject({ status: z.enum(["error", "aborted", "abort"]), ...errorFields });
const reply = <S extends z.ZodRawShape>(shape: S) =>
  z.union([z.looseObject({ status: z.literal("ok").default("ok"), ...shape }), failed]);

const display = { data: bundle, metadata: object.default({}), transient: object.default({}) };
const cursor = { code: z.string(), cursor_pos: z.int().min(0) };

/** The language's part of a kernel_info_reply. */
export const languageInfoSchema = z.looseObject({
  name: z.string(),
  version: z.string().default(""),
  mimetype: z.string().optional(),
  file_extension: z.string().optional(),
  pygments_lexer: z.string().optional(),
  codemirror_mode: json.optional(),
  nbconvert_exporter: z.string().optional(),
});

export const kernelInfoSchema = z.looseObject({
  status: z.literal("ok").default("ok"),
  protocol_version: z.string(),
  implementation: z.string().default(""),
  implementation_version: z.string().default(""),
  language_info: languageInfoSchema,
  banner: z.string().default(""),
  debugger: z.boolean().default(false),
  supported_features: z.array(z.string()).default([]),
  help_links: z.array(z.looseObject({ text: z.string(), url: z.string() })).default([]),
});
export type KernelInfo = z.output<typeof kernelInfoSchema>;

const historyEntry = z.tuple([z.int(), z.int(), z.union([z.string(), z.tuple([z.string(), z.string().nullable()])])]);

export const contentSchemas = {
  execute_request: z.looseObject({
    code: z.string(),
    silent: z.boolean().default(false),
    store_history: z.boolean().default(true),
    user_expressions: z.record(z.string(), z.string()).default({}),
    allow_stdin: z.boolean().default(true),
    stop_on_error: z.boolean().default(true),
  }),
  execute_reply: reply({
    execution_count: count,
    user_expressions: object.default({}),
    payload: z.array(object).default([]),
  }),
  execute_input: z.looseObject({ code: z.string(), execution_count: count }),
  execute_result: z.looseObject({ execution_count: count, data: bundle, metadata: object.default({}) }),
  inspect_request: z.looseObject({ ...cursor, detail_level: z.literal([0, 1]).default(0) }),
  inspect_reply: reply({ found: z.boolean(), data: bundle.default({}), metadata: object.default({}) }),
  complete_request: z.looseObject(cursor),
  complete_reply: reply({
    matches: z.array(z.string()),
    cursor_start: z.int(),
    cursor_end: z.int(),
    metadata: object.default({}),
  }),
  is_complete_request: z.looseObject({ code: z.string() }),
  is_complete_reply: z.looseObject({
    status: z.enum(["complete", "incomplete", "invalid", "unknown"]),
    indent: z.string().default(""),
  }),
  history_request: z.looseObject({
    output: z.boolean().default(false),
    raw: z.boolean().default(true),
    hist_access_type: z.enum(["range", "tail", "search"]),
    session: z.int().optional(),
    start: z.int().optional(),
    stop: z.int().nullish(),
    n: z.int().optional(),
    pattern: z.string().optional(),
    unique: z.boolean().optional(),
  }),
  history_reply: reply({ history: z.array(historyEntry) }),
  kernel_info_request: empty,
  kernel_info_reply: z.union([kernelInfoSchema, failed]),
  connect_request: empty,
  connect_reply: empty,
  comm_open: z.looseObject({
    comm_id: z.string(),
    target_name: z.string(),
    target_module: z.string().nullish(),
    data: object.default({}),
  }),
  comm_msg: z.looseObject({ comm_id: z.string(), data: object.default({}) }),
  comm_close: z.looseObject({ comm_id: z.string(), data: object.default({}) }),
  comm_info_request: z.looseObject({ target_name: z.string().nullish() }),
  comm_info_reply: reply({ comms: z.record(z.string(), z.looseObject({ target_name: z.string() })).default({}) }),
  interrupt_request: empty,
  interrupt_reply: reply({}),
  shutdown_request: z.looseObject({ restart: z.boolean().default(false) }),
  shutdown_reply: reply({ restart: z.boolean().default(false) }),
  debug_request: empty,
  debug_reply: empty,
  debug_event: empty,
  input_request: z.looseObject({ prompt: z.string().default(""), password: z.boolean().default(false) }),
  input_reply: z.looseObject({ value: z.string(), status: z.string().optional() }),
  status: z.looseObject({ execution_state: z.string() }),
  stream: z.looseObject({ name: z.enum(["stdout", "stderr"]), text: z.string() }),
  display_data: z.looseObject(display),
  update_display_data: z.looseObject(display),
  error: z.looseObject(errorFields),
  clear_output: z.looseObject({ wait: z.boolean().default(false) }),
  iopub_welcome: z.looseObject({ subscription: z.string() }),
} as const;

export type MessageType = keyof typeof contentSchemas;
export type ContentOf<T extends MessageType> = z.output<(typeof contentSchemas)[T]>;

export function isMessageType(type: string): type is MessageType {
  return Object.hasOwn(contentSchemas, type);
}

/** The content of a message of this type, checked and with defaults filled in. */
export function parseContent<T extends MessageType>(type: T, content: unknown): ContentOf<T> {
  const result = contentSchemas[type].safeParse(content);
  if (!result.success) {
    throw new JupyterError("bad-content", `The content of ${type} is not valid: ${z.prettifyError(result.error)}`, {
      cause: result.error,
    });
  }
  // The schema was looked up by T, which the compiler cannot follow through the index.
  return result.data as ContentOf<T>;
}
