import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { python } from "../core/testing.ts";
import { Path, path } from "./index.ts";

const PARTS = ["a", "b.txt", "c.tar.gz", ".bashrc", "..", ".", "", "a.", "..a", "...", "ü b", "-x", ".a.b"];

function randomPaths(count: number): string[] {
  let seed = 7;
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const fixed = ["", "/", "//", "///", ".", "..", "/..", "a/", "/a//b/", "//a/b", "a/../b", "./a"];
  const random = Array.from({ length: count - fixed.length }, () => {
    const parts = Array.from({ length: 1 + next(5) }, () => PARTS[next(PARTS.length)]);
    return ["", "", "/", "//"][next(4)] + parts.join("/");
  });
  return [...fixed, ...random];
}

const TAKE_APART = `
from pathlib import PurePosixPath as P
import os.path as o
def apart(text):
    p = P(text)
    # Python before 3.12 keeps the dot-dot of a root that normpath drops; both are compared as they are.
    return [str(p), p.name, p.stem, p.suffix, p.suffixes, str(p.parent), list(p.parts), p.is_absolute(), o.normpath(str(p))]
print(json.dumps([apart(text) for text in input]))
`;

describe("path", () => {
  test("[4.1-meta] 600 paths are taken apart as Python's pathlib and os.path do", () => {
    const texts = randomPaths(600);
    const expected = python<unknown[][]>(TAKE_APART, texts);
    texts.forEach((text, index) => {
      const p = path(text);
      const normal = String(p.normal());
      const ours = [String(p), p.name, p.stem, p.suffix, p.suffixes, String(p.parent), p.parts, p.isAbsolute, normal];
      assert.deepEqual(ours, expected[index], JSON.stringify(text));
    });
  });

  test("[4.1-meta] the way from one path to another, and joining, as Python has them", () => {
    const texts = randomPaths(400).filter((text) => !text.startsWith("//"));
    const pairs = texts.map((text, index) => [text, texts[(index * 7 + 3) % texts.length] ?? "a"] as const);
    const same = pairs.filter(([a, b]) => a.startsWith("/") === b.startsWith("/") && a !== "" && b !== "");
    const expected = python<[string, string][]>(
      `from pathlib import PurePosixPath as P
import os.path as o
o.abspath
import os
os.getcwd = lambda: '/'
print(json.dumps([[o.relpath(a, b), str(P(a) / b)] for a, b in input]))`,
      same,
    );
    same.forEach(([a, b], index) => {
      assert.deepEqual([String(path(a).relativeTo(b)), String(path(a).join(b))], expected[index], `${a} from ${b}`);
    });
    assert.throws(() => path("/a").relativeTo("b"), /one is absolute/);
  });

  test("names and suffixes are exchanged, and a path stands for its text", () => {
    const log = path("/var/log", "app", "today.log.gz");
    assert.equal(String(log.withName("old")), "/var/log/app/old");
    assert.equal(String(log.withSuffix(".zst")), "/var/log/app/today.log.zst");
    assert.equal(String(log.withSuffix("")), "/var/log/app/today.log");
    assert.equal(`${log}`, log.path);
    assert.equal(JSON.stringify({ log }), '{"log":"/var/log/app/today.log.gz"}');
    assert.ok(log.isUnder("/var/log") && !log.isUnder("/var/lo") && !path("/var/../etc").isUnder("/var"));
    for (const name of ["", ".", "a/b"]) assert.throws(() => log.withName(name), TypeError);
    for (const suffix of ["txt", ".", ".a/b"]) assert.throws(() => log.withSuffix(suffix), TypeError);
    assert.throws(() => path("/").withName("x"), TypeError);
    assert.throws(() => new Path("a\0b"), TypeError);
  });
});
