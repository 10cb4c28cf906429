import mermaid from "mermaid";
import { useEffect, useState } from "react";
import { errorMessage } from "../../core/api.ts";
import type { Theme } from "../../core/settings.ts";
import { AnsiBlock } from "./ansi-line.tsx";
import { useTheme } from "./use-theme.ts";

const MAX_CHARACTERS = 50_000;
let drawn = 0;
/** One at a time: the library keeps its settings in one place. */
let turn: Promise<unknown> = Promise.resolve();

/** A diagram as a picture: what it says can neither run nor reach the page, whatever a hostile text is made into. */
export default function MermaidOutput({ source }: { source: string }) {
  const theme = useTheme();
  const [picture, setPicture] = useState<{ url: string; width: number } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let gone = false;
    turn = turn
      .then(() => draw(source, theme))
      .then(
        (made) => {
          if (gone) return;
          setProblem(null);
          setPicture(made);
        },
        (error: unknown) => {
          if (!gone) setProblem(errorMessage(error));
        },
      );
    return () => {
      gone = true;
    };
  }, [source, theme]);
  if (problem !== null)
    return (
      <>
        <p className="nb-none">This diagram could not be drawn: {problem.split("\n")[0]}</p>
        <AnsiBlock text={source} />
      </>
    );
  if (!picture) return <p className="nb-none">Drawing…</p>;
  return <img className="nb-diagram" src={picture.url} width={picture.width} alt={`Diagram: ${source}`} />;
}

async function draw(source: string, theme: Theme): Promise<{ url: string; width: number }> {
  if (source.length > MAX_CHARACTERS) throw new Error(`it has more than ${MAX_CHARACTERS} characters.`);
  mermaid.initialize({
    ...{ startOnLoad: false, securityLevel: "strict", htmlLabels: false, suppressErrorRendering: true },
    ...{ theme: theme === "dark" ? "dark" : "neutral", fontFamily: "sans-serif", flowchart: { htmlLabels: false } },
    maxTextSize: MAX_CHARACTERS,
  });
  drawn += 1;
  const { svg } = await mermaid.render(`nb-diagram-${drawn}`, source);
  const parsed = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
  const box = parsed?.viewBox.baseVal;
  if (!parsed || !box) throw new Error("nothing came of it.");
  // A picture has no page around it to take its size from.
  parsed.setAttribute("width", String(box.width));
  parsed.setAttribute("height", String(box.height));
  const text = new XMLSerializer().serializeToString(parsed);
  return { url: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`, width: Math.ceil(box.width) };
}
