import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NotebookSession } from "./notebook-session.ts";
import { SessionServer, stateOf } from "./testing/session-server.ts";
import type { TextHandle } from "./text-docs.ts";

const STEPS = 40;

/** Numbers from 0 to 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed * 7919;
  return () => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

async function until(fact: () => boolean, tell: () => string): Promise<void> {
  const end = performance.now() + 15_000;
  while (!fact()) {
    assert.ok(performance.now() < end, tell());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

interface Story {
  seed: number;
  /** Whether the server is restarted too, which takes every document with it. */
  restarts: boolean;
}

/** Two people type words into one cell while connections are cut. Gives the text at the end and the words. */
async function type({ seed, restarts }: Story): Promise<{ text: string; words: string[] }> {
  const random = randomOf(seed);
  await using server = await SessionServer.start(stateOf({ a: "base" }));
  const people = [0, 1].map(
    (who) => new NotebookSession({ sessionId: "s", socketUrl: server.url, clientId: `client-${seed}-${who}` }),
  );
  try {
    const online = () => people.every(({ store }) => store.getState().connection === "online");
    await until(online, () => "not online");
    const handles = people.map((person) => person.texts.open("a"));
    const words: string[] = [];
    for (let step = 0; step < STEPS; step++) {
      const who = random() < 0.5 ? 0 : 1;
      words.push(`<${who}.${step}>`);
      insertWord(handles[who]!, { word: words.at(-1)!, random });
      const dice = random();
      if (dice < 0.04 && restarts) server.newEpoch();
      if (dice < 0.1) server.cut();
      if (random() < 0.5) await new Promise((resolve) => setTimeout(resolve, random() * 70));
    }
    const same = () => handles.every((handle) => handle.text === server.text("a"));
    const complete = () => server.text("a")!.length === 4 + words.join("").length;
    await until(
      () => online() && same() && complete(),
      () => [server.text("a"), ...handles.map(({ text }) => text)].join("\n"),
    );
    return { text: server.text("a")!, words };
  } finally {
    for (const person of people) person.dispose();
  }
}

/** At the start, at the end, or behind another word. */
function insertWord(handle: TextHandle, { word, random }: { word: string; random: () => number }): void {
  const places = [0, handle.text.length, ...[...handle.text.matchAll(/>/g)].map(({ index }) => index + 1)];
  handle.edit([{ index: places[Math.floor(random() * places.length)]!, remove: 0, insert: word }]);
}

describe("[9.0-shared-session] typing while connections are cut", { timeout: 120_000 }, () => {
  for (const seed of [1, 2, 3, 4])
    it(`keeps every word whole and once (seed ${seed})`, async () => {
      const { text, words } = await type({ seed, restarts: false });
      assert.deepEqual(
        words.filter((word) => text.split(word).length !== 2),
        [],
      );
    });

  for (const seed of [5, 6])
    it(`keeps every letter once over restarts of the server (seed ${seed})`, async () => {
      const { text, words } = await type({ seed, restarts: true });
      // Without a common history two insertions at one place may come to lie within each other.
      assert.equal([...text].sort().join(""), [..."base", ...words.join("")].sort().join(""));
    });

  it("takes back what was typed without a connection", async () => {
    await using server = await SessionServer.start(stateOf({ a: "base" }));
    const session = new NotebookSession({ sessionId: "s", socketUrl: server.url, clientId: "client-undo" });
    try {
      const online = () => session.store.getState().connection === "online";
      await until(online, () => "not online");
      const handle = session.texts.open("a");
      server.cut();
      await until(
        () => !online(),
        () => "still online",
      );
      handle.edit([{ index: 4, remove: 0, insert: "!" }]);
      handle.undo();
      assert.equal(handle.text, "base");
    } finally {
      session.dispose();
    }
  });

  it("gives up an edit that the server refuses again and again, and says so", async () => {
    await using server = await SessionServer.start(stateOf({ a: "base" }));
    const session = new NotebookSession({ sessionId: "s", socketUrl: server.url, clientId: "client-refused" });
    try {
      await until(
        () => session.store.getState().connection === "online",
        () => "not online",
      );
      const handle = session.texts.open("a");
      handle.edit([{ index: 4, remove: 0, insert: "x".repeat(1_048_576) }]);
      await until(
        () => session.store.getState().notices.length > 0 && handle.text === "base",
        () => `${handle.text.length} characters`,
      );
      assert.match(session.store.getState().notices[0]!.message, /at most 1048576 characters/);
    } finally {
      session.dispose();
    }
  });
});
