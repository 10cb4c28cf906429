/** Random notebook files, as text, with everything a writer of such files may legally or strangely do. */
import type { Random } from "./random.ts";

const PIECES = [
  "a",
  "\n",
  "\r\n",
  "\r",
  "é",
  "🙂",
  '"',
  "\\",
  "\u2028",
  "\x0c",
  "\u0001",
  "\ud800",
  "\udc00",
  "\x7f",
  " x ",
  "\u0085",
];
const NUMBERS = [
  "0",
  "-0",
  "1.0",
  "1e3",
  "-2.50",
  "1E+2",
  "123456789012345678901234567890",
  "NaN",
  "-Infinity",
  "0.1",
  "7",
  "1e-05",
];
const KEYS = [
  "z",
  "a",
  "10",
  "2",
  "__proto__",
  "$number",
  "$$order",
  "$order",
  "constructor",
  "",
  "Ünï",
  "opsbook",
  "$__proto__",
];

/** A JSON text; `width` bounds the number of items in a container. */
export function randomJson(random: Random, depth: number): string {
  const kind = random.below(depth > 0 ? 7 : 5);
  if (kind === 0) return random.pick(NUMBERS);
  if (kind === 1) return random.pick(["null", "true", "false"]);
  if (kind <= 4) return quote(randomText(random));
  if (kind === 5) return `[${random.list(3, () => randomJson(random, depth - 1)).join(",")}]`;
  return randomObject(random, depth);
}

function randomObject(random: Random, depth: number): string {
  const keys = new Set(random.list(4, () => random.pick(KEYS)));
  return `{${[...keys].map((key) => `${quote(key)}:${randomJson(random, depth - 1)}`).join(",")}}`;
}

/** A notebook of format 4.5 that the schema accepts, its keys in any order, its texts in any style. */
export function randomNotebook(random: Random): string {
  const cells = Array.from({ length: random.below(6) }, (_, at) => randomCell(random, at));
  return fields(random, [
    ["cells", `[${cells.join(",")}]`],
    ["metadata", randomObject(random, 3)],
    ["nbformat", "4"],
    ["nbformat_minor", "5"],
  ]);
}

function randomCell(random: Random, at: number): string {
  const type = random.pick(["code", "markdown", "raw"]);
  const own: [string, string][] = [
    ["cell_type", quote(type)],
    ["id", quote(`cell-${at}`)],
    ["metadata", randomObject(random, 3)],
    ["source", lines(random)],
  ];
  if (type === "code") {
    own.push(["execution_count", random.pick(["null", "1", "42"])]);
    own.push(["outputs", `[${random.list(3, () => randomOutput(random)).join(",")}]`]);
  } else if (random.chance(30)) {
    own.push(["attachments", `{"a.png":${bundle(random)},"7":${bundle(random)},"3":${bundle(random)}}`]);
  }
  return fields(random, own);
}

function randomOutput(random: Random): string {
  const type = random.pick(["stream", "display_data", "execute_result", "error"]);
  const own: [string, string][] = [["output_type", quote(type)]];
  if (type === "stream") own.push(["name", random.pick(['"stdout"', '"stderr"', '"trace"'])], ["text", lines(random)]);
  if (type === "error") {
    own.push(["ename", quote(randomText(random))], ["evalue", quote(randomText(random))]);
    own.push(["traceback", `[${random.list(3, () => quote(randomText(random))).join(",")}]`]);
  }
  if (type === "execute_result") own.push(["execution_count", random.pick(["null", "3"])]);
  if (type === "display_data" || type === "execute_result")
    own.push(["data", bundle(random)], ["metadata", randomObject(random, 2)]);
  return fields(random, own);
}

function bundle(random: Random): string {
  const mimes = new Set(
    random.list(4, () =>
      random.pick([
        "text/plain",
        "image/png",
        "image/svg+xml",
        "text/html",
        "application/json",
        "application/vnd.x+json",
      ]),
    ),
  );
  const values = [...mimes].map(
    (mime) => `${quote(mime)}:${mime.endsWith("json") ? randomJson(random, 3) : lines(random)}`,
  );
  return `{${values.join(",")}}`;
}

/** A multi-line string: one text, or a list cut anywhere. */
function lines(random: Random): string {
  if (random.chance(30)) return quote(randomText(random));
  if (random.chance(60)) return `[${random.list(3, () => quote(`${randomText(random)}\n`)).join(",")}]`;
  return `[${random.list(4, () => quote(randomText(random))).join(",")}]`;
}

function randomText(random: Random): string {
  return random.list(6, () => random.pick(PIECES)).join("");
}

function fields(random: Random, own: [string, string][]): string {
  const order = own.map((field) => ({ field, rank: random.below(1000) }));
  if (random.chance(60)) order.sort((a, b) => a.rank - b.rank);
  return `{${order.map(({ field: [key, value] }) => `${quote(key)}:${value}`).join(",")}}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
