import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { all } from "./all.ts";
import { displaySymbol } from "./display.ts";
import { GuardError, guard } from "./guard.ts";
import { type Duration, parseDuration, startCancellation } from "./options.ts";
import { Plan, PlanError, type PlannedChange } from "./plan.ts";
import { redact, Secret } from "./secret.ts";
import { rejection } from "./testing.ts";
import { decodeUtf8, findInvalidUtf8 } from "./utf8.ts";

interface Sent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a kernel would hear and show. */
class RecordingHost implements Disposable {
  static readonly #name = Symbol.for("opsbook.host");
  readonly version = 1;
  readonly sent: Sent[] = [];
  readonly shown: { bundle: Record<string, unknown>; id?: string; update?: boolean }[] = [];
  readonly cell = new AbortController();

  constructor() {
    Reflect.set(globalThis, RecordingHost.#name, this);
  }

  send(type: string, data: Sent["data"]): void {
    this.sent.push({ type, data });
  }

  signal(): AbortSignal {
    return this.cell.signal;
  }

  display(bundle: Record<string, unknown>, options: { id?: string; update?: boolean } = {}): void {
    this.shown.push({ bundle, ...options });
  }

  input(): Promise<string> {
    return Promise.resolve("");
  }

  trackChild(): void {}

  [Symbol.dispose](): void {
    Reflect.deleteProperty(globalThis, RecordingHost.#name);
  }
}

describe("Secret", () => {
  test("prints, inspects, concatenates and serialises without its text", () => {
    const secret = new Secret("correct-horse", "login");
    assert.deepEqual(
      [String(secret), `${secret}`, `${secret}x`, inspect({ secret }), JSON.stringify({ secret })],
      ["Secret(login)", "Secret(login)", "Secret(login)x", "{ secret: Secret(login) }", '{"secret":"[secret]"}'],
    );
    assert.doesNotMatch(inspect(secret, { showHidden: true, customInspect: false, depth: 9 }), /horse/);
    assert.equal(secret.reveal(), "correct-horse");
    assert.throws(() => new Secret(""), TypeError);
  });

  test("is scrubbed from texts in every usual encoding and told to the notebook once", () => {
    using host = new RecordingHost();
    const text = 'p&ss "wörd"';
    new Secret(text, "a");
    new Secret(text, "again");
    const encodings = [text, JSON.stringify(text), encodeURIComponent(text), btoaUtf8(text)];
    assert.equal(redact(encodings.join(" ")), 'Secret(a) "Secret(a)" Secret(a) Secret(a)');
    assert.deepEqual(host.sent, [{ type: "secret-registered", data: { name: "a", value: text } }]);
  });
});

describe("guard", () => {
  test("refuses without a reason and tells the notebook the reason that was given", () => {
    using host = new RecordingHost();
    const rule = { rule: "test.rule", why: "it hurts", instead: "not doing it" };
    for (const options of [undefined, {}, { unsafe: "" }, { unsafe: " " }, { unsafe: true as never }]) {
      assert.throws(
        () => guard(rule, options),
        (error: unknown) => {
          assert.ok(error instanceof GuardError);
          assert.deepEqual({ rule: error.rule, why: error.why, instead: error.instead }, rule);
          return true;
        },
      );
    }
    guard(rule, { unsafe: "a throw-away machine" });
    assert.deepEqual(host.sent, [
      { type: "guard-passed", data: { rule: "test.rule", why: "it hurts", reason: "a throw-away machine" } },
    ]);
  });
});

describe("all", () => {
  test("[part of 7.5-parallel] never more at once than allowed, outcomes in order and as they come", async () => {
    let running = 0;
    let most = 0;
    const gates = [0, 1, 2, 3, 4].map(() => Promise.withResolvers<void>());
    const outcomes = all(
      gates,
      async (gate, { index }) => {
        running += 1;
        most = Math.max(most, running);
        await gate.promise;
        running -= 1;
        return index * 2;
      },
      { concurrency: 2 },
    );
    const came: number[] = [];
    gates[1]?.resolve();
    for await (const outcome of outcomes) {
      came.push(outcome.index);
      for (const gate of gates) gate.resolve();
    }
    assert.equal(came[0], 1);
    assert.deepEqual([most, (await outcomes).unwrap()], [2, [0, 2, 4, 6, 8]]);
    assert.deepEqual(
      (await outcomes).map((outcome) => outcome.index),
      [0, 1, 2, 3, 4],
    );
  });

  test("a failure is an outcome; with failFast what runs is stopped and the rest not started", async () => {
    const work = async (item: number) => {
      if (item === 2) throw new Error("two");
      return item;
    };
    const list = await all([1, 2, 3], work);
    assert.deepEqual(
      list.map((outcome) => outcome.status),
      ["ok", "failed", "ok"],
    );
    assert.throws(() => list.unwrap(), AggregateError);
    const never = async (item: number) => (item === 1 ? new Promise<number>(() => {}) : work(item));
    const stopped = await all([1, 2, 3, 4], never, { concurrency: 2, failFast: true });
    assert.deepEqual(
      stopped.map((outcome) => outcome.status),
      ["failed", "failed", "not-started", "not-started"],
    );
  });

  test("each item has its own time limit, and an interrupt of the cell stops everything", async () => {
    using host = new RecordingHost();
    const hang = (_: number, { signal }: { signal: AbortSignal }) =>
      new Promise<never>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const late = await all([1, 2], hang, { timeout: 20 });
    assert.deepEqual(
      late.map((outcome) => outcome.status),
      ["failed", "failed"],
    );
    const interrupted = all([1, 2, 3], hang, { concurrency: 1 });
    host.cell.abort();
    assert.deepEqual(
      (await interrupted).map((outcome) => outcome.status),
      ["failed", "not-started", "not-started"],
    );
  });

  test("shows one table in a notebook that it updates, without secrets", async () => {
    using host = new RecordingHost();
    const secret = new Secret("token-of-all", "t");
    const list = await all(["a", "b"], async (item) => `${item} ${secret.reveal()}`, { concurrency: 1 });
    assert.ok(host.shown.length >= 2);
    assert.equal(new Set(host.shown.map(({ id }) => id)).size, 1);
    assert.deepEqual(
      host.shown.map(({ update }) => update),
      [false, ...host.shown.slice(1).map(() => true)],
    );
    assert.doesNotMatch(JSON.stringify(host.shown), /token-of-all/);
    const bundle = Reflect.get(list, displaySymbol).call(list) as Record<string, unknown>;
    assert.match(String(bundle["text/plain"]), /^item +status +ms +result\na +ok +\d+ +a Secret\(t\)/);
  });
});

describe("Plan", () => {
  class Greeting extends Plan<string> {
    static world = "1";
    readonly title = "greet";
    readonly changes: readonly PlannedChange[] = [{ action: "delete", target: "silence" }];
    protected readonly basis: string = Greeting.world;
    protected async fingerprint(): Promise<string> {
      return Greeting.world;
    }
    protected async execute(): Promise<string> {
      return "hello";
    }
  }

  test("is offered to the notebook, applied once, and refused when the world moved on", async () => {
    using host = new RecordingHost();
    const plan = new Greeting();
    assert.throws(() => Plan.offered(plan.id), /no such plan/);
    const bundle = plan[displaySymbol]();
    assert.equal(bundle["text/plain"], "greet\n  - delete silence");
    assert.deepEqual(bundle["application/vnd.opsbook.plan+json"], {
      ...{ id: plan.id, title: "greet", destructive: true, total: 1, deletes: 1 },
      changes: [{ action: "delete", target: "silence" }],
    });
    assert.equal(Plan.offered(plan.id), plan);
    const offered = { id: plan.id, title: "greet", changes: ["delete silence"], destructive: true };
    assert.deepEqual(host.sent, [{ type: "plan-offered", data: offered }]);
    assert.equal(await plan.apply(), "hello");
    assert.equal((await rejection(plan.apply(), PlanError)).code, "already-applied");
    const stale = new Greeting();
    Greeting.world = "2";
    assert.equal((await rejection(stale.apply(), PlanError)).code, "stale");
  });
});

describe("call options", () => {
  test("durations have units and are never taken for forever", () => {
    const valid: readonly Duration[] = [5, "5ms", "1.5s", "2m", "1h"];
    assert.deepEqual(valid.map(parseDuration), [5, 5, 1500, 120_000, 3_600_000]);
    for (const value of [0, -1, Number.NaN, 2 ** 31, "5", "5d", "", "s"]) {
      assert.throws(() => parseDuration(value as Duration), RangeError, String(value));
    }
  });

  test("a signal that was aborted before the call counts", () => {
    using cancellation = startCancellation({ signal: AbortSignal.abort(new Error("before")) });
    assert.equal(cancellation.signal.aborted, true);
    assert.equal(cancellation.timedOut, false);
  });
});

describe("UTF-8", () => {
  test("[part of 4.1-text] the first bad byte is found where a scan from the start finds it", () => {
    const text = Buffer.from("aé漢😀".repeat(40));
    for (let at = 0; at < text.length; at += 1) {
      for (const bad of [0xff, 0xc0, 0x80, 0xed]) {
        const bytes = Buffer.from(text);
        bytes[at] = bad;
        assert.equal(findInvalidUtf8(bytes), firstInvalid(bytes), `${bad.toString(16)} at ${at}`);
      }
      const cut = text.subarray(0, at);
      assert.equal(findInvalidUtf8(cut), firstInvalid(cut));
    }
    assert.equal(
      decodeUtf8(text, () => new Error("bad")),
      text.toString(),
    );
  });
});

/** Slow and plain: the longest prefix that the platform's own strict decoder takes. */
function firstInvalid(bytes: Uint8Array): number | undefined {
  const decoder = (end: number) =>
    new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, end), { stream: end < bytes.length });
  try {
    decoder(bytes.length);
    return undefined;
  } catch {
    let position = 0;
    for (const character of Buffer.from(bytes).toString("utf8")) {
      if (character === "\ufffd") return position;
      position += Buffer.byteLength(character);
    }
    return position;
  }
}

function btoaUtf8(text: string): string {
  return Buffer.from(text).toString("base64");
}
