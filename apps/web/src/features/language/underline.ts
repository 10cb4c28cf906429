import type { Problem } from "@opsbook/notebook/language";
import { sourceHash } from "@opsbook/notebook/session";
import type { LanguageLink } from "./language-link.ts";

/**
 * Underlines in code that is only read, by highlights of the browser: they are of ranges, so the text stays as it is.
 * Without that feature there is the number beside the cell.
 */
const SEVERITIES = ["error", "warning"] as const;

export function underlineProblems(text: HTMLElement, cellId: string, link: LanguageLink): () => void {
  if (typeof Highlight === "undefined") return () => undefined;
  let ranges: { range: Range; severity: Problem["severity"] }[] = [];
  const clear = () => {
    for (const { range, severity } of ranges) highlightOf(severity).delete(range);
    ranges = [];
  };
  const paint = () => {
    clear();
    const found = link.problems.getState().get(cellId);
    if (!found || found.problems.length === 0) return;
    const places = placesOf(text);
    // A coloured text has blanks for its tabs: then the offsets are of another text.
    if (found.sourceHash !== sourceHash(places.text)) return;
    for (const { start, end, severity } of found.problems) {
      const range = rangeOf(places, start, end);
      if (!range) continue;
      highlightOf(severity).add(range);
      ranges.push({ range, severity });
    }
  };
  const stop = link.problems.subscribe((now, before) => {
    if (now.get(cellId) !== before.get(cellId)) paint();
  });
  paint();
  return () => {
    stop();
    clear();
  };
}

function highlightOf(severity: Problem["severity"]): Highlight {
  for (const each of SEVERITIES)
    if (!CSS.highlights.has(`nb-${each}`)) CSS.highlights.set(`nb-${each}`, new Highlight());
  return CSS.highlights.get(`nb-${severity}`) as Highlight;
}

interface Places {
  text: string;
  nodes: { node: Text; start: number }[];
}

/** The element's text with where each piece of it begins; a line break is one character. */
function placesOf(element: HTMLElement): Places {
  const nodes: Places["nodes"] = [];
  let text = "";
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node instanceof Text) {
      nodes.push({ node, start: text.length });
      // Blanks of coloured text do not break.
      text += node.data.replaceAll("\u00a0", " ");
    } else if (node instanceof HTMLBRElement) text += "\n";
  }
  // Both kinds of text end with a line break of their own.
  return { text: text.replace(/\n$/, ""), nodes };
}

function rangeOf({ nodes }: Places, start: number, end: number): Range | null {
  const first = nodes.findLast((one) => one.start <= start);
  const last = nodes.findLast((one) => one.start < end);
  if (!first || !last) return null;
  const range = new Range();
  range.setStart(first.node, Math.min(start - first.start, first.node.length));
  range.setEnd(last.node, Math.min(end - last.start, last.node.length));
  return range;
}
