import type { JsonValue, Output } from "../model.ts";
import { stripAnsi } from "../to-text.ts";
import { canonicalJson } from "./same-json.ts";
import { commonRuns } from "./sequence.ts";

export type OutputChange =
  | { kind: "same"; before: Output; after: Output }
  | { kind: "added"; before: null; after: Output }
  | { kind: "removed"; before: Output; after: null }
  | { kind: "changed"; before: Output; after: Output };

/** Outputs in the order of `after`; what was removed stands where it was. The number of a result does not count. */
export function diffOutputs(before: readonly Output[], after: readonly Output[]): OutputChange[] {
  const changes: OutputChange[] = [];
  let a = 0;
  let b = 0;
  const differUpTo = (toA: number, toB: number) => {
    while (a < toA && b < toB && kindOf(before[a]!) === kindOf(after[b]!))
      changes.push({ kind: "changed", before: before[a++]!, after: after[b++]! });
    while (a < toA) changes.push({ kind: "removed", before: before[a++]!, after: null });
    while (b < toB) changes.push({ kind: "added", before: null, after: after[b++]! });
  };
  for (const run of commonRuns(before.map(contentKey), after.map(contentKey))) {
    differUpTo(run.a, run.b);
    for (let at = 0; at < run.length; at += 1) changes.push({ kind: "same", before: before[a++]!, after: after[b++]! });
  }
  differUpTo(before.length, after.length);
  return changes;
}

const kindOf = (output: Output) =>
  output.output_type === "stream" ? output.name : output.output_type === "error" ? "error" : "display";

function contentKey(output: Output): string {
  const { form: _form, ...content } = output;
  if (content.output_type === "execute_result")
    return canonicalJson({ ...content, execution_count: null } as JsonValue);
  return canonicalJson(content as unknown as JsonValue);
}

/** What an output says in plain text, without colours; null where it has none (an image, say). */
export function outputText(output: Output): string | null {
  switch (output.output_type) {
    case "stream":
      return stripAnsi(output.text);
    case "error":
      return stripAnsi(output.traceback.join("\n") || `${output.ename}: ${output.evalue}`);
    case "display_data":
    case "execute_result": {
      const plain = output.data["text/plain"];
      return typeof plain === "string" ? stripAnsi(plain) : null;
    }
  }
}
