import { useEffect, useRef, useState } from "react";
import { errorMessage } from "../../core/api.ts";
import { readText } from "../../core/server.ts";

export interface InvalidNotebookProps {
  path: string;
  message: string;
  line: number | null;
  column: number | null;
}

/** A file that is no notebook, as it is: with the reason, and with no way to write it. */
export function InvalidNotebook({ path, message, line, column }: InvalidNotebookProps) {
  const [text, setText] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const mark = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const abort = new AbortController();
    readText(path, abort.signal).then(
      (file) => setText(file.content),
      (error: unknown) => {
        if (!abort.signal.aborted) setFailure(errorMessage(error));
      },
    );
    return () => abort.abort();
  }, [path]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the mark is there once the text is
  useEffect(() => {
    // In braces: newer browsers return a promise here, which React would take for a cleanup.
    mark.current?.scrollIntoView({ block: "center" });
  }, [text]);

  const lines = text?.split("\n") ?? [];
  return (
    <div className="nb-invalid">
      <div className="nb-problem" role="alert">
        <div>
          <b>This file is not a valid notebook, so it is shown read-only.</b>
          <p>
            {message}
            {line === null ? "" : ` (line ${line}${column === null ? "" : `, column ${column}`})`}
          </p>
          <p className="nb-dim">Mend it with a text editor or restore an older version; nothing here writes to it.</p>
        </div>
      </div>
      {failure === null ? null : <p className="nb-none">The text cannot be shown: {failure}</p>}
      <section className="nb-raw" aria-label={`Text of ${path}`}>
        {line === null ? (
          text
        ) : (
          <>
            {lines.slice(0, line - 1).join("\n")}
            {line > 1 ? "\n" : ""}
            <span ref={mark} className="nb-raw-mark">
              {lines[line - 1] ?? ""}
            </span>
            {"\n"}
            {lines.slice(line).join("\n")}
          </>
        )}
      </section>
    </div>
  );
}
