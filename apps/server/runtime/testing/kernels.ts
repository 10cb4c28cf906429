import type { JsonObject } from "@opsbook/jupyter";
import type { Kernel, KernelEvent } from "../index.ts";
import { until } from "./place.ts";

export interface Watch extends Disposable {
  events: KernelEvent[];
  /** All that was printed, on both streams. */
  text(): string;
  contents(type: string): JsonObject[];
  exits(): (KernelEvent & { type: "exited" })[];
  /** Waits until the fact holds; looked at whenever an event comes. */
  saw(fact: () => boolean): Promise<void>;
}

/** Listens to a kernel; acknowledges what it heard unless told not to. */
export function watch(kernel: Kernel, options: { after?: number; acknowledge?: boolean } = {}): Watch {
  const { after = 0, acknowledge = true } = options;
  const events: KernelEvent[] = [];
  const subscription = kernel.subscribe(after, (event) => {
    events.push(event);
    if (acknowledge) kernel.acknowledge(event.kseq);
  });
  const contents = (type: string) =>
    events.flatMap((event) =>
      event.type === "message" && event.message.header.msg_type === type ? [event.message.content] : [],
    );
  return {
    ...{ events, contents },
    text: () =>
      contents("stream")
        .map(({ text }) => (typeof text === "string" ? text : ""))
        .join(""),
    exits: () => events.flatMap((event) => (event.type === "exited" ? [event] : [])),
    saw: until,
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
}

/** Runs code and waits for its reply and for idle. */
export async function run(kernel: Kernel, code: string): Promise<JsonObject> {
  const executionId = crypto.randomUUID();
  let reply: JsonObject | null = null;
  let idle = false;
  using _ = kernel.subscribe(Number.MAX_SAFE_INTEGER, (event) => {
    if (event.type === "exited") reply ??= { status: "exited" };
    if (event.type === "exited") idle = true;
    if (event.type !== "message" || event.message.parent_header.msg_id !== executionId) return;
    const { header, content } = event.message;
    if (header.msg_type === "execute_reply") reply = content;
    if (header.msg_type === "status" && content.execution_state === "idle") idle = true;
  });
  await kernel.execute({ executionId, code, storeHistory: true, stopOnError: true, allowStdin: true });
  await until(() => reply !== null && idle);
  return reply ?? {};
}
