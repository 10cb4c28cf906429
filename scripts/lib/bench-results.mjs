const HEAD =
  "# Benchmark results\n\nWritten by `npm run bench`. Compare within a section: its rows ran together on one machine.\n";

/** Puts one benchmark's section into the results, in place of its last one; sections stand in alphabetical order. */
export function mergeSections(results, { name, section }) {
  const sections = new Map(
    results
      .split(/^## /m)
      .slice(1)
      .map((text) => [text.slice(0, text.indexOf("\n")), text.slice(text.indexOf("\n")).trim()]),
  );
  // Headings inside would be taken for sections.
  sections.set(name, section.replace(/^## /gm, "### "));
  const sorted = [...sections].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${HEAD}${sorted.map(([title, text]) => `\n## ${title}\n\n${text}\n`).join("")}`;
}
