import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseNotebook } from "@opsbook/notebook";
import { FAILPOINTS, type Failpoint } from "../store/failpoints.ts";
import { Person } from "./testing/person.ts";
import { makeScratch, NOTEBOOK, type Scratch } from "./testing/real-server.ts";

/** At which passing of a failpoint the server dies. The first ones are often those of its start. */
const PASSINGS = process.env.OPSBOOK_FULL ? [1, 2, 3, 5, 9] : [3];

/** Ten of them are more than a log may hold before it is compacted. */
const LONG = "x".repeat(500_000);

test("[P1] [P2] a server killed between any two steps of an operation or a save loses nothing that was accepted", {
  timeout: 1_200_000,
}, async (t) => {
  await using scratch = makeScratch();
  const person = new Person();
  const notPassed: string[] = [];
  for (const name of FAILPOINTS)
    for (const passing of name.startsWith("compact:") ? [1] : PASSINGS) {
      if (!(await dies(scratch, person, `${name}=${passing}`))) notPassed.push(`${name}=${passing}`);
      assert.ok(parseNotebook(readFileSync(join(scratch.root, NOTEBOOK), "utf8")).ok, `a whole file after ${name}`);
    }
  t.diagnostic(`${person.cells.length} cells over ${FAILPOINTS.length} failpoints`);
  assert.deepEqual(notPassed, []);

  const server = await scratch.start(scratch.root);
  assert.ok(await person.connect(server));
  await server.stop();
  const parsed = parseNotebook(readFileSync(join(scratch.root, NOTEBOOK), "utf8"));
  assert.ok(parsed.ok);
  assert.equal(person.accepted.length, person.cells.length);
  person.compare(parsed.notebook.cells);
  const files = readdirSync(scratch.root).filter((file) => !file.startsWith(".opsbook"));
  assert.deepEqual(files, [NOTEBOOK], "no crash was taken for a change from outside, and no temp file is left");
  assert.deepEqual(
    readdirSync(scratch.root).filter((file) => file.startsWith(".opsbook-tmp")),
    [],
  );
});

/** Works on the notebook until the server dies at its failpoint; false where it never does. */
async function dies(scratch: Scratch, person: Person, failpoint: string): Promise<boolean> {
  const server = await scratch
    .start(scratch.root, { env: { OPSBOOK_FAILPOINTS: failpoint as `${Failpoint}=${number}` } })
    .catch(() => null);
  if (!server) return true;
  const long = failpoint.startsWith("compact:");
  let alive = await person.connect(server);
  for (let n = 0; alive && n < 12; n++) {
    alive = await person.add(long ? LONG : `${failpoint} ${n}`);
    if (alive && !long && n % 3 === 2) alive = await person.saved();
  }
  if (alive) await server.stop();
  const { signal } = await server.ended;
  return signal === "SIGKILL";
}
