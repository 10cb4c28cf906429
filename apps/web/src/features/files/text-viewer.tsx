import { RefreshCw } from "lucide-react";
import { useEffect, useState } from "react";
import { errorMessage } from "../../core/api.ts";
import { displayName } from "../../core/paths.ts";
import { readText, type TextFile } from "../../core/server.ts";
import { IconButton } from "../../ui/button.tsx";
import { ErrorState, LoadingState } from "../../ui/message.tsx";

/** Lines shown at most: more would make the page slow, and a log of that size is for a terminal. */
const MAX_LINES = 20_000;

type State = { kind: "loading" } | { kind: "failed"; message: string } | { kind: "loaded"; file: TextFile };

/** Shows a text file as it is on disk; nothing here can change it. */
export function TextViewer({ path }: { path: string }) {
  const [state, setState] = useState<State>({ kind: "loading" });
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` asks for the file again
  useEffect(() => {
    const abort = new AbortController();
    readText(path, abort.signal)
      .then((file) => setState({ kind: "loaded", file }))
      .catch((error: unknown) => {
        if (!abort.signal.aborted) setState({ kind: "failed", message: errorMessage(error) });
      });
    return () => abort.abort();
  }, [path, round]);
  const reload = (): void => setRound((value) => value + 1);

  if (state.kind === "loading") return <LoadingState label="Reading the file" />;
  if (state.kind === "failed") {
    return <ErrorState title={`${displayName(path)} could not be shown`} message={state.message} onRetry={reload} />;
  }
  if (state.file.format === "base64") {
    return <ErrorState title={`${displayName(path)} could not be shown`} message="It is not a text file." />;
  }
  const lines = state.file.content.replace(/\n$/, "").split("\n");
  const shown = lines.length > MAX_LINES ? lines.slice(0, MAX_LINES) : lines;
  return (
    <section aria-label={displayName(path)} className="flex h-full min-h-0 flex-col bg-canvas">
      <div className="flex h-8 flex-none items-center gap-3 border-line-soft border-b px-4 text-fg-3 text-xs">
        <bdi className="min-w-0 truncate">{displayName(path)}</bdi>
        <span className="flex-1">
          {lines.length.toLocaleString("en")} {lines.length === 1 ? "line" : "lines"} · read-only
          {lines.length > MAX_LINES ? ` · the first ${MAX_LINES.toLocaleString("en")} are shown` : ""}
        </span>
        <IconButton label="Read again" onClick={reload}>
          <RefreshCw size={13} aria-hidden />
        </IconButton>
      </div>
      <div className="flex min-h-0 flex-1 overflow-auto py-2 font-mono leading-5" style={{ fontSize: "var(--code)" }}>
        <pre aria-hidden className="flex-none select-none pr-4 pl-5 text-right text-fg-4">
          {shown.map((_, index) => index + 1).join("\n")}
        </pre>
        <pre className="pr-6 text-[var(--p)] [tab-size:4]">{shown.join("\n")}</pre>
      </div>
    </section>
  );
}
