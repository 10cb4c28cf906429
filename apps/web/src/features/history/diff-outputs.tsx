import type { Output } from "@opsbook/notebook";
import { diffLines, type OutputChange, outputText } from "@opsbook/notebook/diff";
import { useMemo, useState } from "react";
import { type DiffLayout, DiffLines } from "./diff-lines.tsx";

/** Outputs of both sides: text by lines, images beside each other. */
export function DiffOutputs({ changes, layout }: { changes: readonly OutputChange[]; layout: DiffLayout }) {
  return changes.map((change, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: outputs of two versions never change
    <DiffOutput key={index} change={change} layout={layout} />
  ));
}

function DiffOutput({ change, layout }: { change: OutputChange; layout: DiffLayout }) {
  switch (change.kind) {
    case "same":
      return null;
    case "added":
      return <Sided side="after" output={change.after} />;
    case "removed":
      return <Sided side="before" output={change.before} />;
    case "changed":
      return <ChangedOutput before={change.before} after={change.after} layout={layout} />;
    default:
      return change satisfies never;
  }
}

function Sided({ side, output }: { side: "before" | "after"; output: Output }) {
  return (
    <div className="nbdiff-output" data-side={side}>
      <span className="nbdiff-output-word">{side === "before" ? "output removed" : "output added"}</span>
      <PlainOutput output={output} />
    </div>
  );
}

/** Beyond this many characters the line by line comparison would hold the page up. */
const COMPARED = 200_000;

function ChangedOutput({ before, after, layout }: { before: Output; after: Output; layout: DiffLayout }) {
  const left = textOf(before);
  const right = textOf(after);
  const runs = useMemo(
    () => (left !== null && right !== null && left.length + right.length < COMPARED ? diffLines(left, right) : null),
    [left, right],
  );
  if (runs && imageOf(before) === null && imageOf(after) === null)
    return (
      <div className="nbdiff-output" data-side="both">
        <span className="nbdiff-output-word">output changed</span>
        <DiffLines runs={runs} layout={layout} />
      </div>
    );
  return (
    <div className="nbdiff-output-pair">
      <Sided side="before" output={before} />
      <Sided side="after" output={after} />
    </div>
  );
}

const LINES = 200;

export function PlainOutput({ output }: { output: Output }) {
  const [all, setAll] = useState(false);
  const image = imageOf(output);
  if (image !== null) return <img src={image} alt="An output of this version" className="nbdiff-image" />;
  const text = textOf(output);
  if (text === null) return <p className="text-fg-3">{"data" in output ? Object.keys(output.data).join(", ") : ""}</p>;
  const lines = text.split("\n");
  const shown = all ? lines : lines.slice(0, LINES);
  return (
    <>
      <pre className="nbdiff-text" data-error={output.output_type === "error" || undefined}>
        {shown.join("\n")}
      </pre>
      {shown.length < lines.length ? (
        <button type="button" className="nbdiff-fold" onClick={() => setAll(true)}>
          {lines.length - shown.length} more lines
        </button>
      ) : null}
    </>
  );
}

function textOf(output: Output): string | null {
  const text = outputText(output);
  if (text !== null) return text.replace(/\n$/, "");
  if (!("data" in output)) return null;
  for (const value of Object.values(output.data)) {
    if (typeof value === "string") return value;
    if (value !== null) return JSON.stringify(value, null, 2);
  }
  return null;
}

/** As an `img`, in which an SVG runs no script and fetches nothing. */
function imageOf(output: Output): string | null {
  if (!("data" in output)) return null;
  for (const type of ["image/png", "image/jpeg", "image/gif", "image/webp"]) {
    const value = output.data[type];
    if (typeof value === "string") return `data:${type};base64,${value.replace(/\s/g, "")}`;
  }
  const svg = output.data["image/svg+xml"];
  return typeof svg === "string" ? `data:image/svg+xml,${encodeURIComponent(svg)}` : null;
}
