/** Which cells a person means: `3`, `1-4`, `2 5-7`; nothing means all. */
export function cellNumbers(words: readonly string[], existing: readonly number[]): number[] {
  if (words.length === 0) return [...existing];
  return words.flatMap((word) => {
    const range = /^(\d+)(?:-(\d+)?)?$/.exec(word);
    if (!range) throw new RangeError(`${JSON.stringify(word)} names no cells: write 3, 1-4 or 2 5-7.`);
    const first = Number(range[1]);
    const last = word.includes("-") ? Number(range[2] ?? Number.MAX_SAFE_INTEGER) : first;
    return existing.filter((number) => number >= first && number <= last);
  });
}

/** A script of cells, each under a comment with its number; what only asked for help or history is left out. */
export function scriptOf(cells: readonly { number: number; source: string }[]): string {
  const kept = cells.filter(
    ({ source }) =>
      !/^\s*(?:%(?:history|save|lsmagic|who|whos)\b|\?|[^\n]*\?\s*$)/.test(source) || source.includes("\n"),
  );
  return kept.map(({ number, source }) => `// In[${number}]\n${source.trim()}\n`).join("\n");
}
