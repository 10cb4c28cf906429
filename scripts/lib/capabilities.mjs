/** Capability rows of docs/capabilities.md and how the tests of the last run prove them. */

const ROW = /^\| (\d+)\.(\d+-[a-z0-9-]+)( ⚠)? *\| (.*?) *\|$/;

/** `{ id, chapter, guard, text }` of every row. */
export function parseCapabilities(markdown) {
  return markdown.split("\n").flatMap((line) => {
    const row = ROW.exec(line);
    if (row === null) return [];
    const [, chapter, rest, guard, text] = row;
    return [{ id: `${chapter}.${rest}`, chapter: Number(chapter), guard: guard !== undefined, text }];
  });
}

/**
 * Ids in brackets at the start of any name on a title's path: `[3.1-eval] …`, `[3.1-eval, 3.1-state] …`.
 * `[part of 3.1-eval]` tells the reader where a test belongs and proves nothing of the whole row.
 */
export function idsOf(title) {
  return title.split(" › ").flatMap((name) => {
    const brackets = /^(?:\[[^\]]*\]\s*)+/.exec(name)?.[0] ?? "";
    return brackets
      .split("]")
      .filter((bracket) => !bracket.trim().startsWith("[part of "))
      .flatMap((bracket) => [...bracket.matchAll(/\d+\.\d+-[a-z0-9-]+/g)].map(([id]) => id));
  });
}

/**
 * One status a row: failed as soon as one of its tests failed, skipped where one was skipped and none
 * failed (part of the proof is missing), passed where all passed, none without a test.
 */
export function capabilityRows(capabilities, records) {
  const statuses = new Map();
  for (const { title, status } of records) {
    for (const id of new Set(idsOf(title))) statuses.set(id, [...(statuses.get(id) ?? []), status]);
  }
  return capabilities.map((capability) => {
    const found = statuses.get(capability.id) ?? [];
    const status = ["failed", "skipped", "passed"].find((each) => found.includes(each)) ?? "none";
    return { ...capability, status, tests: found.length };
  });
}

/** Ids that titles name and the table lacks: a typo hides a proof. */
export function unknownIds(capabilities, records) {
  const known = new Set(capabilities.map(({ id }) => id));
  return [...new Set(records.flatMap(({ title }) => idsOf(title)))].filter((id) => !known.has(id)).sort();
}
