import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hintsOf } from "./hints.ts";

const marked = (source: string) => hintsOf(source).map(({ start, end }) => source.slice(start, end));

describe("hints", () => {
  it("[4.1-exists-race] asking whether a file is there and acting on the answer is underlined", () => {
    for (const source of [
      "if (await files.exists(path)) await files.remove(path)",
      "if (!(await files.exists(lock))) {\n  await files.write(lock, 'mine')\n}",
      "if (await host.files.exists(p)) { log() } else { await host.files.create(p, '') }",
      "if (ready && (await files.exists(p))) {\n  const t = `${await files.text(p)}`\n}",
      "for (const p of paths)\n  if (await files.exists(p))\n    await files.chmod(p, '0600')\n",
    ]) {
      assert.deepEqual(marked(source), ["files.exists"], source);
    }
    assert.match(hintsOf("if (await files.exists(p)) await files.remove(p)")[0]?.message ?? "", /missingOk: true/);
  });

  it("[4.1-exists-race] what acts on nothing, or on something else, is left alone", () => {
    for (const source of [
      "if (await files.exists(path)) console.log('there')",
      "if (await files.exists(path)) console.log('there')\nawait files.write(other, 'x')",
      "const there = await files.exists(path)",
      "if (await files.exists(a)) { count += 1 }\nelse { count -= 1 }\nawait files.remove(a)",
      "if (exists(path)) await files.remove(path)",
      "if (x) await files.remove(await files.exists(p) ? p : q)",
      "// if (await files.exists(p)) await files.remove(p)",
      "if (await files.exists(",
      "if",
    ]) {
      assert.deepEqual(marked(source), [], source);
    }
  });
});
