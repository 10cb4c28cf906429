import type { SessionDisplay } from "@opsbook/notebook/session";
import { lazy, Suspense, useMemo, useRef } from "react";
import { AnsiBlock } from "./ansi-line.tsx";
import { FrameOutput } from "./frame-output.tsx";
import { JsonTree } from "./json-tree.tsx";
import { asText, isBlobRef, type JsonValue, richestType, type ShownType } from "./mime.ts";
import { PlanOutput } from "./plan-output.tsx";
import { AnswerOutput, ProgressOutput } from "./small-outputs.tsx";
import { parseTable } from "./table-data.ts";
import { TableOutput } from "./table-output.tsx";
import { blobUrl, useValue } from "./use-value.ts";

const Chart = lazy(() => import("./chart-output.tsx"));
const Mermaid = lazy(() => import("./mermaid-output.tsx"));
const Latex = lazy(() => import("./latex-output.tsx"));
const Markdown = lazy(async () => ({ default: (await import("../cell/markdown.tsx")).Markdown }));

/** A value the code displayed, as rich as this page can show it. */
export function DisplayOutput({ output }: { output: SessionDisplay }) {
  const version = useVersion(output);
  const type = richestType(output.data);
  if (type === null) {
    const types = Object.keys(output.data).join(", ") || "nothing";
    return <p className="nb-none">This output has no text form (it holds {types}).</p>;
  }
  if (type === "text/html" || type === "image/svg+xml") return <FrameOutput outputId={output.id} version={version} />;
  if (type.startsWith("image/")) return <ImageOutput output={output} type={type} />;
  return (
    <TextualOutput value={output.data[type]!} type={type} plain={output.data["text/plain"]} outputId={output.id} />
  );
}

/** Counts replacements of an output's data, so that its frame is loaded anew. */
function useVersion(output: SessionDisplay): number {
  const seen = useRef({ data: output.data, version: 0 });
  if (seen.current.data !== output.data) seen.current = { data: output.data, version: seen.current.version + 1 };
  return seen.current.version;
}

function ImageOutput({ output, type }: { output: SessionDisplay; type: ShownType }) {
  const value = output.data[type]!;
  const source = isBlobRef(value)
    ? blobUrl(value.$blob, type)
    : `data:${type};base64,${asText(value).replace(/\s+/g, "")}`;
  const plain = output.data["text/plain"];
  const metadata = output.metadata[type];
  const size = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata) ? metadata : {};
  return (
    <img
      className="nb-image"
      src={source}
      alt={plain === undefined || isBlobRef(plain) ? "Image the cell made" : asText(plain)}
      {...(typeof size.width === "number" ? { width: size.width } : {})}
      {...(typeof size.height === "number" ? { height: size.height } : {})}
    />
  );
}

interface TextualProps {
  value: JsonValue;
  type: ShownType;
  plain: JsonValue | undefined;
  outputId: string;
}

function TextualOutput({ value, type, plain, outputId }: TextualProps) {
  const loaded = useValue(value, type);
  if (loaded.state === "loading") return <p className="nb-none">Loading…</p>;
  if (loaded.state === "failed") return <p className="nb-none">This output could not be loaded: {loaded.message}</p>;
  switch (type) {
    case "application/vnd.dataresource+json":
      return <Table value={loaded.value} plain={plain} />;
    case "application/vnd.opsbook.answer+json":
      return <AnswerOutput value={loaded.value} />;
    case "application/vnd.opsbook.progress+json":
      return <ProgressOutput value={loaded.value} />;
    case "application/vnd.opsbook.plan+json":
      return <PlanOutput value={loaded.value} outputId={outputId} />;
    case "application/json":
      return <JsonTree value={loaded.value} />;
    case "application/vnd.vegalite.v6+json":
    case "application/vnd.vegalite.v5+json":
    case "application/vnd.vegalite.v4+json":
    case "application/vnd.vega.v6+json":
    case "application/vnd.vega.v5+json":
      return (
        <Suspense fallback={<p className="nb-none">Drawing…</p>}>
          <Chart spec={loaded.value} fallback={<JsonTree value={loaded.value} />} />
        </Suspense>
      );
    case "text/vnd.mermaid":
      return (
        <Suspense fallback={<AnsiBlock text={asText(loaded.value)} />}>
          <Mermaid source={asText(loaded.value)} />
        </Suspense>
      );
    case "text/latex":
      return (
        <Suspense fallback={<AnsiBlock text={asText(loaded.value)} />}>
          <Latex source={asText(loaded.value)} />
        </Suspense>
      );
    case "text/markdown":
      return (
        <Suspense fallback={<AnsiBlock text={asText(loaded.value)} />}>
          <Markdown source={asText(loaded.value)} />
        </Suspense>
      );
    default:
      return <AnsiBlock text={asText(loaded.value)} className="nb-value" />;
  }
}

function Table({ value, plain }: { value: JsonValue; plain: JsonValue | undefined }) {
  const table = useMemo(() => parseTable(value), [value]);
  if (table) return <TableOutput table={table} />;
  return <AnsiBlock text={plain === undefined || isBlobRef(plain) ? asText(value) : asText(plain)} />;
}
