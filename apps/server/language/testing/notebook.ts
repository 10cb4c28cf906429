import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { newNotebook, serializeNotebook } from "@opsbook/notebook";
import type { LanguageQuestion, LanguageResult, ResultOf } from "@opsbook/notebook/language";
import { sourceHash } from "@opsbook/notebook/session";
import pino from "pino";
import type { TestClient } from "../../session/testing/client.ts";
import { newRoot, type SessionServer, startSessions } from "../../session/testing/server.ts";
import type { CellProblems } from "../problem-watch.ts";
import { LanguageService } from "../service.ts";

type Asked = Exclude<LanguageQuestion["type"], "resolve">;

export interface LanguageBench extends AsyncDisposable {
  server: SessionServer;
  service: LanguageService;
  client: TestClient;
  /** Asks about the place of `|` in a cell's text, which otherwise is the cell's. */
  ask<T extends Asked>(type: T, cell: number, marked: string, more?: object): Promise<ResultOf<T> | null>;
  resolve(list: ResultOf<"complete"> | null, label: string): Promise<ResultOf<"resolve">>;
  /** Replaces the cell's text. */
  edit(cell: number, source: string): Promise<void>;
  /** Resolves with what is wrong in a cell, as soon as `enough` holds for its present text. */
  problems(cell: number, enough?: (problems: CellProblems["problems"]) => boolean): Promise<CellProblems["problems"]>;
}

/** A notebook with these cells, its real session and kernel, and the real compiler. */
export async function startLanguage(
  sources: readonly string[],
  { files = {} }: { files?: Record<string, string> } = {},
): Promise<LanguageBench> {
  const root = newRoot();
  const cells = sources.map((source, index) => ({
    cell_type: "code" as const,
    id: `cell${index}`,
    metadata: {},
    source,
    outputs: [],
    execution_count: null,
  }));
  writeFileSync(join(root, "test.ipynb"), serializeNotebook({ ...newNotebook(), cells }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  const server = await startSessions(root);
  const log = pino({ level: process.env.OPSBOOK_TEST_LOG ?? "silent" });
  const service = new LanguageService({
    root,
    stateDir: join(root, ".opsbook"),
    runtime: server.runtime,
    log,
  });
  const client = await server.connect();
  const session = await server.open();
  const lease = await service.use(session);
  const { language } = lease;
  const found = new Map<string, CellProblems>();
  const waiting = new Set<() => void>();
  const watch = language.watchProblems((problems) => {
    found.set(problems.cellId, problems);
    for (const wake of waiting) wake();
  });
  const conversation = { list: null };
  let lastId = 0;
  const put = (question: object): Promise<LanguageResult | null> => {
    lastId += 1;
    const asked = { ...question, id: lastId } as LanguageQuestion;
    return language.ask(asked, conversation, new AbortController().signal);
  };
  let list = 0;
  return {
    server,
    service,
    client,
    async ask(type, cell, marked, more = {}) {
      const source = marked.replace("|", "");
      const place = { cellId: `cell${cell}`, sourceHash: sourceHash(source), offset: marked.indexOf("|") };
      const trigger = type === "complete" ? { trigger: null } : {};
      const answer = put({ type, ...place, ...trigger, ...more });
      if (type === "complete") list = lastId;
      return (await answer) as ResultOf<typeof type> | null;
    },
    resolve: async (completion, label) => {
      const item = completion?.items.findIndex((one) => one.label === label);
      return (await put({ type: "resolve", list, item })) as ResultOf<"resolve">;
    },
    edit: async (cell, source) => void (await client.submit({ type: "set-source", cellId: `cell${cell}`, source })),
    async problems(cell, enough = () => true) {
      for (;;) {
        const one = found.get(`cell${cell}`);
        const source = session.state.notebook.cells.find(({ id }) => id === `cell${cell}`)?.source ?? "";
        if (one && one.sourceHash === sourceHash(source) && enough(one.problems)) return one.problems;
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        await promise;
        waiting.delete(resolve);
      }
    },
    async [Symbol.asyncDispose]() {
      watch[Symbol.dispose]();
      lease[Symbol.dispose]();
      client.close();
      await service.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

export const labels = (completion: ResultOf<"complete"> | null) => completion?.items.map(({ label }) => label) ?? [];
