import { describe, it } from "node:test";
import { RandomLife } from "./testing/random-life.ts";

/** The long form of random-life.test.ts: more lives, and longer ones. */
const SEEDS = Array.from({ length: 20 }, (_, index) => 100 + index);

describe("long random lives of a notebook", { timeout: 3_000_000 }, () => {
  for (const seed of SEEDS)
    it(`[P7] pages, server and file end equal (seed ${seed})`, () => new RandomLife({ seed, steps: 1500 }).live());
});
