import { type ReactNode, useEffect, useRef, useState } from "react";
import { errorMessage } from "../../core/api.ts";
import type { JsonValue } from "./mime.ts";
import { useTheme } from "./use-theme.ts";

/** A Vega-Lite or Vega chart, or why it cannot be drawn. */
export default function ChartOutput({ spec, fallback }: { spec: JsonValue; fallback: ReactNode }) {
  const element = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  const [problem, setProblem] = useState<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is read from the page when it is drawn
  useEffect(() => {
    if (!element.current) return undefined;
    const shown = element.current;
    let end: (() => void) | null = null;
    let gone = false;
    setProblem(null);
    import("./draw-chart.ts")
      .then(({ drawChart }) => drawChart(shown, spec))
      .then(
        (finish) => {
          end = finish;
          if (gone) finish();
        },
        (error: unknown) => {
          if (!gone) setProblem(errorMessage(error));
        },
      );
    return () => {
      gone = true;
      end?.();
    };
  }, [spec, theme]);
  return (
    <figure className="nb-chart">
      {problem === null ? null : (
        <>
          <p className="nb-none">This chart could not be drawn: {problem}</p>
          {fallback}
        </>
      )}
      <div ref={element} className="nb-chart-place" hidden={problem !== null} />
    </figure>
  );
}
