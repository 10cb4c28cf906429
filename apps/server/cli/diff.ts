import { readFile } from "node:fs/promises";
import { type Notebook, newNotebook, parseNotebook } from "@opsbook/notebook";
import { diffNotebooks } from "@opsbook/notebook/diff";
import type { Command } from "./command.ts";
import { diffText, notebookText } from "./diff-text.ts";
import { UsageError } from "./errors.ts";

export const diffCommand: Command = {
  name: "diff",
  summary: "Compare two notebooks by cells, text and outputs. Exit code 0: equal, 1: different.",
  usage: "opsbook diff BEFORE.ipynb AFTER.ipynb [--json] | opsbook diff --textconv FILE.ipynb",
  options: { textconv: { type: "boolean" } },
  help: { textconv: "print one notebook as text, for git's textconv" },
  positionals: 2,
  async run({ values, positionals, json, io }) {
    const [first, second] = positionals;
    if (values.textconv === true) {
      if (first === undefined || second !== undefined) throw new UsageError("--textconv wants one notebook.");
      io.out(notebookText(await readNotebook(first)).join("\n"));
      return 0;
    }
    if (first === undefined || second === undefined)
      throw new UsageError(`two notebooks are wanted. Usage: ${this.usage}`);
    const diff = diffNotebooks(await readNotebook(first), await readNotebook(second));
    if (json) io.out(JSON.stringify(diff));
    else if (!diff.equal) io.out([`--- ${first}`, `+++ ${second}`, ...diffText(diff)].join("\n"));
    return diff.equal ? 0 : 1;
  },
};

/** git names /dev/null where a file is new or gone. */
async function readNotebook(file: string): Promise<Notebook> {
  if (file === "/dev/null") return { ...newNotebook(), cells: [], metadata: {} };
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `${file} cannot be read: ${error.code === "ENOENT" ? "there is no such file" : error.message}.`,
    );
  });
  const parsed = parseNotebook(text);
  if (parsed.ok) return parsed.notebook;
  throw new UsageError(`${file} is no notebook: line ${parsed.line}, column ${parsed.column}: ${parsed.message}`);
}
