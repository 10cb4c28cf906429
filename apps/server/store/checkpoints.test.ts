import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Checkpoints } from "./checkpoints.ts";
import { notebookKey } from "./notebook-key.ts";
import { toThin } from "./thin.ts";

const RETENTION = { hourlyDays: 2, dailyDays: 30 };
const HOUR = 3_600_000;

function tempStore() {
  const path = mkdtempSync(join(tmpdir(), "opsbook-checkpoints-"));
  const of = (notebook: string) => join(path, notebookKey(notebook));
  return {
    path,
    of,
    store: new Checkpoints(path, RETENTION),
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  };
}
const named = (data: string, name: string) => ({
  data,
  name,
  reason: "named" as const,
  by: { id: "ada", name: "Ada" },
});

describe("Checkpoints", () => {
  test("[part of 3.5-snapshots] a checkpoint is a plain file with who, when and why beside it", async () => {
    using folder = tempStore();
    const made = await folder.store.create("a/b.ipynb", { ...named('{"cells":[]}', "good"), message: "why" });
    const names = readdirSync(folder.of("a/b.ipynb")).sort();
    assert.deepEqual(names, [`${made.id}.ipynb`, `${made.id}.json`, "owner.json"]);
    assert.equal(readFileSync(join(folder.of("a/b.ipynb"), `${made.id}.ipynb`), "utf8"), '{"cells":[]}');
    const { meta, data } = await folder.store.read("a/b.ipynb", made.id);
    assert.deepEqual([meta.name, meta.message, meta.by?.name, data.toString()], ["good", "why", "Ada", '{"cells":[]}']);
    assert.deepEqual(await folder.store.list("a/b.ipynb"), [made]);
  });

  test("[part of 3.5-snapshots] what a crash left half-made does not count and is swept later", async () => {
    using folder = tempStore();
    const kept = await folder.store.create("a.ipynb", named("1", "one"));
    const orphan = join(folder.of("a.ipynb"), "20200101T000000000Z-01234567.ipynb");
    writeFileSync(orphan, "half");
    assert.deepEqual(await folder.store.list("a.ipynb"), [kept]);
    utimesSync(orphan, 1, 1);
    await folder.store.create("a.ipynb", named("2", "two"));
    assert.equal(
      readdirSync(folder.of("a.ipynb")).some((name) => orphan.endsWith(name)),
      false,
    );
  });

  test("[part of 3.5-snapshots] damage, a strange id and a newer format are told and change nothing", async () => {
    using folder = tempStore();
    const { id } = await folder.store.create("a.ipynb", named("1", "one"));
    await assert.rejects(folder.store.read("a.ipynb", "../../etc/passwd"), { code: "not-found" });
    await assert.rejects(folder.store.read("a.ipynb", "20200101T000000000Z-01234567"), { code: "not-found" });
    const file = (extension: string) => join(folder.of("a.ipynb"), id + extension);
    writeFileSync(file(".ipynb"), "tampered");
    await assert.rejects(folder.store.read("a.ipynb", id), { code: "damaged" });
    const newer = JSON.stringify({ version: 2, wonder: true });
    writeFileSync(file(".json"), newer);
    await assert.rejects(folder.store.read("a.ipynb", id), { code: "newer-format", message: /newer Opsbook/ });
    await assert.rejects(folder.store.remove("a.ipynb", id), { code: "newer-format" });
    assert.deepEqual(await folder.store.list("a.ipynb"), []);
    await folder.store.create("a.ipynb", named("2", "two"));
    assert.equal(readFileSync(file(".json"), "utf8"), newer);
  });

  test("[part of 3.5-snapshots] checkpoints go along with a moved folder, and into what was there", async () => {
    using folder = tempStore();
    await folder.store.create("old/a.ipynb", named("1", "one"));
    await folder.store.create("older.ipynb", named("x", "not this one"));
    await folder.store.create("new/a.ipynb", named("0", "zero"));
    await folder.store.moved("old", "new");
    const names = async (path: string) => (await folder.store.list(path)).map(({ name }) => name).sort();
    assert.deepEqual(await names("new/a.ipynb"), ["one", "zero"]);
    assert.deepEqual(await names("old/a.ipynb"), []);
    assert.deepEqual(await names("older.ipynb"), ["not this one"]);
  });

  test("[part of 3.5-snapshots] the server's own are thinned to hours and days, the newest stays whatever its age", () => {
    const now = Date.UTC(2026, 10, 22, 18);
    const every10 = Array.from({ length: 6 * 24 * 60 }, (_, i) => ({ at: now - i * 600_000 }));
    const gone = new Set(toThin(every10, now, RETENTION));
    const kept = every10.filter((one) => !gone.has(one));
    const ages = kept.map(({ at }) => (now - at) / HOUR);
    assert.equal(ages.filter((age) => age < 4).length, 24);
    assert.ok(Math.abs(ages.filter((age) => age >= 4 && age < 48).length - 44) <= 1);
    assert.ok(Math.abs(ages.filter((age) => age >= 48).length - 28) <= 1);
    assert.ok(Math.max(...ages) < 30 * 24);
    const old = [{ at: 0 }, { at: 1 }];
    assert.deepEqual(toThin(old, now, RETENTION), [{ at: 0 }]);
    // Again changes nothing more.
    assert.deepEqual(toThin(kept, now, RETENTION), []);
  });
});
