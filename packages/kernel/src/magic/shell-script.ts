import { type Argument, argumentOf } from "./arguments.ts";

export interface ShellScript {
  /** Text for `sh -c`; values stand in it as `${1}`, `${2}` … */
  script: string;
  /** The positional parameters. */
  args: string[];
}

type Context = "plain" | "double" | "single" | "parentheses" | "braces";

/**
 * A script for `/bin/sh` from literal text and values. A value is never part of the script: it travels as a
 * positional parameter and the script names it, quoted as the place needs it. An array is several words. Pure.
 *
 * @throws TypeError for a value that is no argument, and for a place where a shell would read a value as code.
 */
export function shellScript(pieces: readonly string[], values: readonly unknown[]): ShellScript {
  const reader = new Reader();
  const args: string[] = [];
  let script = "";
  for (const [i, piece] of pieces.entries()) {
    reader.read(piece);
    script += piece;
    if (i >= values.length) break;
    const given = argumentsOf(values[i], i);
    const words = given.map((text) => {
      args.push(text);
      return `\${${args.length}}`;
    });
    script += reader.quote(words, Array.isArray(values[i]));
  }
  return { script, args };
}

function argumentsOf(value: unknown, index: number): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((one) => argumentOf(one as Argument, `value ${index + 1} of the command`));
}

/** Follows a shell's quoting through the literal text. Source: POSIX.1-2024, Shell Command Language, section 2.2. */
class Reader {
  readonly #open: Context[] = ["plain"];
  #backquoted = false;
  #arithmetic = 0;

  read(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const context = this.#open.at(-1) ?? "plain";
      const char = text[at];
      if (context === "single") {
        if (char === "'") this.#open.pop();
      } else if (char === "\\") at++;
      else if (char === "`") this.#backquoted = !this.#backquoted;
      else if (text.startsWith("$((", at)) {
        this.#arithmetic++;
        at += 2;
      } else if (this.#arithmetic > 0 && text.startsWith("))", at)) {
        this.#arithmetic--;
        at++;
      } else if (text.startsWith("$(", at)) {
        this.#open.push("parentheses");
        at++;
      } else if (text.startsWith("${", at)) {
        this.#open.push("braces");
        at++;
      } else if (char === "}" && context === "braces") this.#open.pop();
      else if (char === '"') {
        if (context === "double") this.#open.pop();
        else this.#open.push("double");
      } else if (context === "double") continue;
      else if (char === "'") this.#open.push("single");
      else if (char === "(" && context === "parentheses") this.#open.push("parentheses");
      else if (char === ")" && context === "parentheses") this.#open.pop();
    }
  }

  quote(words: readonly string[], several: boolean): string {
    if (this.#backquoted) throw new TypeError("A value cannot stand between backquotes: write $(…) instead.");
    if (this.#arithmetic > 0) throw new TypeError("A value cannot stand in $((…)): a shell would read it as code.");
    const context = this.#open.at(-1) ?? "plain";
    if (context === "braces") throw new TypeError("A value cannot stand inside a shell's own parameter expansion.");
    if (context === "plain" || context === "parentheses") return words.map((word) => `"${word}"`).join(" ");
    if (several) throw new TypeError("An array is several words: write it outside of the quotes.");
    return context === "double" ? words.join("") : `'"${words.join("")}"'`;
  }
}
