/** The language service as a page meets it: its socket at the server, in a notebook of 50 cells. Takes seconds. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type Entry, Load, MILLISECONDS, progress, table } from "./lib/figures.ts";
import { FrameSocket } from "./lib/frame-socket.ts";
import { notebookFile } from "./lib/notebook-file.ts";
import { startOpsbook } from "./lib/servers.ts";

const CELLS = 50;
const ROUNDS = 200;
const UP_ROUNDS = 60;

const load = new Load();
const home = await mkdtemp(join(tmpdir(), "opsbook-language-"));
const first: number[] = [];
const member: number[] = [];
const afterEdit: number[] = [];
const names: number[] = [];
const hover: number[] = [];
try {
  const token = crypto.randomUUID() + crypto.randomUUID();
  const tokenFile = join(home, "token");
  await writeFile(tokenFile, token, { mode: 0o600 });
  await using server = await startOpsbook(["--token-file", tokenFile]);
  const spec = { name: "typescript", display_name: "TypeScript", language: "typescript" };
  const cells = cellTexts().map((source) => ({ type: "code" as const, source }));
  await writeFile(join(server.root, "fifty.ipynb"), notebookFile(spec, cells));
  const headers = { authorization: `token ${token}`, "content-type": "application/json" };
  const answer = await fetch(new URL("api/opsbook/sessions", server.url), {
    method: "POST",
    headers,
    body: JSON.stringify({ path: "fifty.ipynb" }),
  });
  const { id } = z.looseObject({ id: z.string() }).parse(await answer.json());
  const address = new URL(`api/opsbook/sessions/${id}/`, server.url).href.replace("http", "ws");
  const session = await FrameSocket.open(`${address}socket`, headers.authorization);
  session.send({ type: "hello", protocol: 1, clientId: crypto.randomUUID(), epoch: null, lastSeq: 0, outputs: {} });
  const ids = cellIds(await session.next((frame) => frame.type === "welcome"));
  const last = ids.at(-1) as string;
  const top = ids[0] as string;

  progress("first completion");
  const began = performance.now();
  const language = await FrameSocket.open(`${address}language`, headers.authorization);
  let number = 0;
  const ask = async (question: object) => {
    number += 1;
    const asked = number;
    const at = performance.now();
    language.send({ ...question, id: asked });
    const frame = await language.next((one) => one.id === asked);
    if (frame.type !== "answer") throw new Error(`not answered: ${JSON.stringify(frame)}`);
    return { took: performance.now() - at, result: frame.result };
  };
  let seq = 0;
  const edit = (cellId: string, source: string) => {
    seq += 1;
    session.send({ type: "submit", clientSeq: seq, op: { type: "set-source", cellId, source } });
  };
  const complete = (cellId: string, source: string) =>
    ask({ type: "complete", cellId, sourceHash: hash(source), offset: source.length, trigger: null });

  edit(last, "row49.");
  await complete(last, "row49.");
  first.push(performance.now() - began);

  for (let round = 0; round < ROUNDS; round += 1) {
    progress(`round ${round}`);
    const source = `const n${round} = ${round};\nrow48.`;
    edit(last, source);
    member.push((await complete(last, source)).took);
  }
  for (let round = 0; round < UP_ROUNDS; round += 1) {
    const source = `interface Row { id: number; name: string; extra${round}: string }\nconst row0: Row = { id: 0, name: "", extra${round}: "" };`;
    edit(top, source);
    const below = `row48.name;\nrow0.`;
    edit(last, below);
    afterEdit.push((await complete(last, below)).took);
    const typed = `${below}id;\nro`;
    edit(last, typed);
    names.push((await complete(last, typed)).took);
    hover.push((await ask({ type: "hover", cellId: last, sourceHash: hash(typed), offset: 2 })).took);
  }
  language.close();
  session.close();
} finally {
  await rm(home, { recursive: true, force: true });
}
process.stdout.write(report());

/** Each cell builds on the one before it, with a function, a type and some values. */
function cellTexts(): string[] {
  const cells = [`interface Row { id: number; name: string }\nconst row0: Row = { id: 0, name: "first" };`];
  for (let at = 1; at < CELLS; at += 1)
    cells.push(
      `/** Step ${at}. */\nasync function step${at}(rows: readonly Row[], limit = ${at}) {\n` +
        `  const kept = rows.filter((row) => row.id < limit);\n  return kept.map((row) => ({ ...row, step${at}: row.name.length }));\n}\n` +
        `const row${at} = { ...row${at - 1}, id: ${at} };\nlet rows${at} = await step${at}([row${at}]);`,
    );
  return [...cells, ""];
}

function cellIds(welcome: unknown): string[] {
  const schema = z.looseObject({
    snapshot: z.looseObject({ notebook: z.looseObject({ cells: z.array(z.looseObject({ id: z.string() })) }) }),
  });
  return schema.parse(welcome).snapshot.notebook.cells.map(({ id }) => id);
}

/** As packages/notebook/SPEC.md names a version of a text. */
function hash(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ ((unit << 7) | (unit >>> 9)), 0x85ebca6b);
  }
  const hex = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
  return hex(a ^ (text.length * 0x9e3779b1)) + hex(b);
}

function report(): string {
  const row = (what: string, of: Entry, share?: number) => ({
    what,
    unit: MILLISECONDS,
    ...(share === undefined ? {} : { share }),
    of: [of],
  });
  const figures = table(
    ["Opsbook"],
    [
      row("socket opened → first completion, the compiler started for it", first),
      row("completion of a member after an edit of its cell, p50", member, 0.5),
      row("completion of a member after an edit of its cell, p95", member, 0.95),
      row("completion of a member after an edit of the first cell and its own, p50", afterEdit, 0.5),
      row("completion of a member after an edit of the first cell and its own, p95", afterEdit, 0.95),
      row("completion of a name after an edit, p50", names, 0.5),
      row("completion of a name after an edit, p95", names, 0.95),
      row("hover, p50", hover, 0.5),
      row("hover, p95", hover, 0.95),
    ],
  );
  return [
    `The language socket of a running server, a notebook of ${CELLS} cells, each using the one before it. A time is from sending a question, right behind the edit it depends on, to its answer: the edit's own way through the session is in it. ${ROUNDS} and ${UP_ROUNDS} rounds; ${load}.`,
    `${figures}\n`,
  ].join("\n\n");
}
