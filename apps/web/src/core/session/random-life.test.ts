import { describe, it } from "node:test";
import { RandomLife } from "./testing/random-life.ts";

/** `SEED=7 STEPS=300 node --test random-life.test.ts` lives that life again. */
const SEEDS = process.env.SEED === undefined ? [1, 2, 3, 4] : [Number(process.env.SEED)];
const STEPS = Number(process.env.STEPS ?? 400);

describe("random lives of a notebook", { timeout: 280_000 }, () => {
  for (const seed of SEEDS)
    it(`[P7] pages, server and file end equal (seed ${seed})`, () => new RandomLife({ seed, steps: STEPS }).live());
});
