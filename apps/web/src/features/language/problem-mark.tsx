import { CircleX, TriangleAlert } from "lucide-react";
import { useStore } from "zustand";
import { Tooltip } from "../../ui/tooltip.tsx";
import { useScope } from "../notebook/notebook-context.ts";
import type { LanguageLink } from "./language-link.ts";

const MOST_LINES = 8;

/** How much is wrong in a cell before it runs; leads to the first of it. */
export function ProblemMark({ cellId, link }: { cellId: string; link: LanguageLink }) {
  const { actions } = useScope();
  const problems = useStore(link.problems, (all) => all.get(cellId)?.problems);
  const first = problems?.[0];
  if (!problems || !first) return null;
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const words = `${problems.length} ${problems.length === 1 ? "problem" : "problems"}`;
  const lines = problems.slice(0, MOST_LINES).map(({ message }) => message.split("\n")[0]);
  if (problems.length > MOST_LINES) lines.push(`… and ${problems.length - MOST_LINES} more`);
  const Icon = errors > 0 ? CircleX : TriangleAlert;
  return (
    <Tooltip label={lines.join("\n")}>
      <button
        type="button"
        className={`nb-problems ${errors > 0 ? "nb-fail" : "nb-stale"}`}
        aria-label={`${words} in this cell: ${lines[0]}`}
        onClick={() => actions.select(cellId, "edit", first.start)}
      >
        <Icon size={12} aria-hidden />
        {problems.length}
      </button>
    </Tooltip>
  );
}
