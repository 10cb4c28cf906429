import { inspect } from "node:util";
import { plainName } from "../transform/names.ts";
import type { MagicHost } from "./host.ts";
import { typeName } from "./names.ts";
import { type Declaration, declarationOf } from "./sources.ts";

export interface Help {
  readonly name: string;
  readonly type: string;
  readonly signature: string;
  readonly doc: string;
  /** TypeScript that can be run. */
  readonly example: string;
  readonly source: string;
}

/** Preloaded libraries put a function here that knows their names; the chain is as typed, such as `files.text`. */
const LIBRARY = Symbol.for("opsbook.help");

const MAX_SOURCE = 20_000;
const MAX_VALUE = 2000;

/** What is known of a value that a chain of names leads to. */
export async function helpOn(host: MagicHost, chain: string): Promise<Help> {
  const declared = chain.includes(".") ? null : declarationOf(chain, host.sources);
  const value = await host.runCode(chain).catch((error: unknown) => {
    // A type has help too, and no value.
    if (declared && error instanceof ReferenceError) return undefined;
    throw error;
  });
  // A cell's own declaration hides the library's name.
  return {
    name: chain,
    type: typeName(value),
    ...parts(value, { declared, library: declared ? null : libraryHelp(chain) }),
  };
}

function parts(value: unknown, known: { declared: Declaration | null; library: Partial<Help> | null }) {
  const { declared, library } = known;
  const own = typeof value === "function" ? plainName(Function.prototype.toString.call(value)) : "";
  const source = declared?.source ?? library?.source ?? own;
  return {
    signature: declared?.signature ?? library?.signature ?? (own === "" ? shown(value) : head(own)),
    doc: declared?.doc ?? library?.doc ?? "",
    example: library?.example ?? "",
    source: source.slice(0, MAX_SOURCE),
  };
}

function libraryHelp(chain: string): Partial<Help> | null {
  const known: unknown = Reflect.get(globalThis, LIBRARY);
  if (typeof known !== "function") return null;
  const found: unknown = known(chain);
  if (typeof found !== "object" || found === null) return null;
  const help: Record<string, string> = {};
  for (const [name, value] of Object.entries(found)) if (typeof value === "string") help[name] = value;
  return help;
}

const shown = (value: unknown): string => inspect(value, { depth: 2 }).slice(0, MAX_VALUE);

function head(source: string): string {
  const end = source.search(/\)\s*(?:=>|\{)/);
  return end < 0 ? (source.split("\n")[0] ?? "").replace(/\s*\{\s*$/, "") : source.slice(0, end + 1);
}

/** As a front end shows it. */
export function helpBundle(help: Help, withSource: boolean): Record<string, string> {
  const { name, type, signature, doc, example, source } = help;
  const showSource = withSource && source !== "";
  const text = [
    `${name}: ${type}`,
    ...(signature && !showSource ? ["", signature] : []),
    ...(doc ? ["", doc] : []),
    ...(example ? ["", "Example:", ...example.split("\n").map((line) => `  ${line}`)] : []),
    ...(showSource ? ["", "Source:", source] : []),
  ].join("\n");
  const fence = (code: string): string => `\`\`\`ts\n${code}\n\`\`\``;
  const markdown = [
    `**${name}**: ${type}`,
    ...(signature && !showSource ? [fence(signature)] : []),
    ...(doc ? [doc] : []),
    ...(example ? ["Example:", fence(example)] : []),
    ...(showSource ? ["Source:", fence(source)] : []),
  ].join("\n\n");
  return { "text/plain": text, "text/markdown": markdown };
}
