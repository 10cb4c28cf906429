import type { SessionError } from "@opsbook/notebook/session";
import { CircleAlert } from "lucide-react";
import { useState } from "react";
import { AnsiText } from "../../core/session/ansi.ts";
import { useScope } from "../notebook/notebook-context.ts";
import { AnsiBlock } from "./ansi-line.tsx";

/** Lines of a stack shown before it is asked for: those of the code, and the first places. */
const STACK_SHOWN = 8;

/** What went wrong, then where: each place in a cell of this notebook is a link to it. */
export function ErrorOutput({ output }: { output: SessionError }) {
  const [open, setOpen] = useState(false);
  const lines = stackLines(output);
  const shown = open ? lines : lines.slice(0, STACK_SHOWN);
  return (
    <section className="nb-error" aria-label={`Error ${output.ename}`}>
      <div className="nb-error-head">
        <CircleAlert size={13} aria-hidden />
        <span>
          <b>{output.ename}</b> {output.evalue === "" ? null : <AnsiBlockInline text={output.evalue} />}
        </span>
      </div>
      {shown.length > 0 ? (
        <div className="nb-stack">
          {shown.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of a stack may repeat and never move
            <StackLine key={index} line={line} />
          ))}
        </div>
      ) : null}
      {lines.length > STACK_SHOWN ? (
        <button type="button" className="nb-tool" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Shorter" : `${lines.length - STACK_SHOWN} more lines`}
        </button>
      ) : null}
    </section>
  );
}

function AnsiBlockInline({ text }: { text: string }) {
  return text.includes("\n") ? <AnsiBlock text={text} /> : <span>{plain(text)}</span>;
}

function plain(text: string): string {
  const parsed = new AnsiText();
  parsed.write(text);
  return parsed.plainText();
}

/** The traceback without the line that says again what is in the head. */
function stackLines({ ename, evalue, traceback }: SessionError): string[] {
  const lines = plain(traceback.join("\n")).split("\n");
  const head = [`${ename}: ${evalue}`, evalue, ename].flatMap((text) => text.split("\n")).map((text) => text.trim());
  return lines.filter((line) => line.trim() !== "" && !head.includes(line.trim()));
}

const PLACE = /In ?\[(\d+)\](?:[:,] ?(?:line )?(\d+)(?::(\d+))?)?/;

function StackLine({ line }: { line: string }) {
  const { session, actions } = useScope();
  const match = PLACE.exec(line);
  if (!match) return <div>{line}</div>;
  // Looked up when it is asked for: the number of a cell comes after its error, and goes when it runs again.
  const lead = () => {
    const cell = session.state?.notebook.cells.find(({ execution_count }) => execution_count === Number(match[1]));
    if (cell) actions.select(cell.id);
  };
  return (
    <div>
      {line.slice(0, match.index)}
      <button type="button" className="nb-link" onClick={lead}>
        {match[0]}
      </button>
      {line.slice(match.index + match[0].length)}
    </div>
  );
}
