import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Line } from "./arguments.ts";
import { expandHome } from "./home.ts";
import type { Magics } from "./magics.ts";
import type { Magic } from "./registry.ts";
import { setExit } from "./shell.ts";

/** Lines and cells to calls of `nb.magic`. `%time`, `%timeit` and `%%capture` take code and are calls in the cell itself. */
export function definitions(magic: Magics): Record<string, Magic> {
  const shown = (summary: string, call: (text: string) => void): Magic => ({
    usage: "",
    summary,
    cell: (_line, body) => call(body),
  });
  const script = (program: string, summary: string): Magic => ({
    usage: "[--out NAME] [VALUE]…",
    summary,
    cell: ({ words }, body) => runScript(magic, { program, words, body }),
  });
  return {
    lsmagic: { usage: "", summary: "All magics.", line: () => magic.lsmagic() },
    run: {
      usage: "FILE [ARGUMENT]…",
      summary: "Runs a file or the code cells of a notebook in this session; its names stay.",
      line: ({ words: [file, ...args] }) => magic.run(needed(file, "%run takes a file."), ...args),
    },
    reload: {
      usage: "MODULE",
      summary: "Loads a module anew, and what depends on it; imported names get their new values.",
      line: async ({ words: [specifier] }) => {
        const names = await magic.reload(needed(specifier, "%reload takes a module, such as ./lib.ts."));
        process.stdout.write(names.length === 0 ? "Reloaded.\n" : `Reloaded; new values: ${names.join(", ")}.\n`);
      },
    },
    edit: {
      usage: "NAME | 3 | 1-4 | FILE",
      summary: "Puts the source of a name, of cells or of a file into a new cell.",
      line: ({ words }) => magic.edit(...words),
    },
    time: { usage: "STATEMENT", summary: "How long a statement, or a whole cell, takes.", line: noCode, cell: noCode },
    timeit: {
      usage: "[-n LOOPS] [-r RUNS] STATEMENT",
      summary: "Runs a statement, or a cell, many times and says how long one takes.",
      line: noCode,
      cell: noCode,
    },
    capture: { usage: "[NAME]", summary: "Runs the cell and keeps what it would show.", cell: noCode },
    who: {
      usage: "[TYPE]",
      summary: "The session's own names.",
      line: ({ words: [type] }) => {
        const names = magic.who(type);
        process.stdout.write(names.length === 0 ? "No names yet.\n" : `${names.join("  ")}\n`);
      },
    },
    whos: {
      usage: "[TYPE]",
      summary: "The session's own names with type and value.",
      line: ({ words: [type] }) => magic.whos(type),
    },
    reset: {
      usage: "[NAME]…",
      summary: "Forgets names, all of them without any.",
      line: ({ words }) => magic.reset(...words.filter((word) => word !== "-f")),
    },
    cd: {
      usage: "[FOLDER]",
      summary: "Changes the folder of programs and relative files.",
      line: ({ words: [folder] }) => magic.cd(folder),
    },
    pwd: { usage: "", summary: "The folder of programs and relative files.", line: () => magic.pwd() },
    env: {
      usage: "[info | NAME | NAME=VALUE]",
      summary: "Environment variables, or what the cells run on.",
      line: (line) => env(magic, line),
    },
    history: {
      usage: "[3 | 1-4 | ~1/1-4]… [> FILE]",
      summary: "Sources of cells; into a file as a script.",
      line: (line) => history(magic, line),
    },
    save: {
      usage: "FILE [3 | 1-4]…",
      summary: "Writes cells to a file as a script.",
      line: ({ words: [file, ...cells] }) => magic.save(needed(file, "%save takes a file."), ...cells),
    },
    config: {
      usage: "[NAME | NAME=VALUE]",
      summary: "Options with type, value and origin; or sets one for this kernel.",
      line: ({ text }) => {
        const [name = "", value] = text.split(/\s*=\s*/);
        if (value === undefined) return name === "" ? magic.config() : magic.config(name);
        magic.config(name, value);
        return undefined;
      },
    },
    bg: {
      usage: "[COMMAND | --stop ID | --output ID]",
      summary: "Runs a command behind the cells; without one, lists what runs.",
      line: ({ words: [option, id] }) => {
        if (option === "--stop") return magic.bg.get(Number(id)).stop();
        if (option === "--output") return void process.stdout.write(magic.bg.get(Number(id)).output);
        return magic.bg.list().map(({ id, command, state, exit }) => ({ id, command, state, exit }));
      },
    },
    continue: {
      usage: "",
      summary: "Lets a program that stopped at nb.breakpoint() go on.",
      line: () => magic.continue(),
    },
    bash: script("bash", "Runs the body in bash; values of the line are $1, $2 …"),
    sh: script("sh", "Runs the body in sh; values of the line are $1, $2 …"),
    python: script("python3", "Runs the body in Python; values of the line are sys.argv[1:]."),
    html: shown("Shows the body as HTML.", magic.html),
    markdown: shown("Shows the body as Markdown.", magic.markdown),
    svg: shown("Shows the body as an SVG picture.", magic.svg),
    latex: shown("Shows the body as LaTeX.", magic.latex),
    writefile: {
      usage: "[-a] FILE",
      summary: "Writes the body to a file; -a appends.",
      cell: async ({ words }, body) => {
        const append = words[0] === "-a";
        const path = resolve(expandHome(needed(words[append ? 1 : 0], "%%writefile takes a file.")));
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, body.endsWith("\n") ? body : `${body}\n`, { flag: append ? "a" : "w" });
        process.stdout.write(`${append ? "Appended to" : "Wrote"} ${path}\n`);
      },
    },
  };
}

function needed(word: string | undefined, message: string): string {
  if (word === undefined || word === "") throw new TypeError(message);
  return word;
}

function noCode(): never {
  throw new TypeError("This magic takes TypeScript: %time f(), or %%time in the first line of a cell.");
}

async function runScript(
  magic: Magics,
  { program, words, body }: { program: string; words: readonly string[]; body: string },
): Promise<void> {
  const keeps = words[0] === "--out";
  const args = keeps ? words.slice(2) : words;
  if (!keeps) {
    setExit(await magic.program(body, { program, args }));
    return;
  }
  const name = needed(words[1], "--out takes a name.");
  const lines = await magic.lines((stdout) => magic.program(body, { program, args, stdout }));
  await magic.assign(name, lines);
  setExit(lines.exit);
}

function env(magic: Magics, { text, words: [first] }: Line): unknown {
  if (first === "info" && text === "info") return magic.env.info();
  const equals = text.indexOf("=");
  if (equals > 0) {
    const name = text.slice(0, equals).trim();
    magic.env(name, text.slice(equals + 1).trim());
    return undefined;
  }
  return magic.env(first);
}

async function history(magic: Magics, { text, words }: Line): Promise<void> {
  const target = />\s*(\S.*)$/.exec(text)?.[1];
  const cells = words
    .slice(0, words.indexOf(">") < 0 ? undefined : words.indexOf(">"))
    .filter((word) => !word.startsWith(">"));
  if (target !== undefined) {
    process.stdout.write(`Wrote ${await magic.save(target, ...cells)}\n`);
    return;
  }
  for (const { number, source } of magic.history(...cells)) process.stdout.write(`${number}: ${source}\n`);
}
