import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";
import { z } from "zod";
import { AnsiStripper } from "../store/log/ansi.ts";
import { offsetOfLine, readLines } from "../store/log/read-lines.ts";
import { checkQuery, type LogQuery, SearchError, searchLog } from "../store/log/search.ts";
import { param, sendBytes } from "./answers.ts";
import { HttpError } from "./errors.ts";
import { SANDBOX_CSP } from "./headers.ts";
import type { Call, Services } from "./services.ts";

/** Searches at the same time: each holds a thread. */
const MAX_SEARCHES = 4;
/** Hits listed of one search. */
const MAX_HITS = 50_000;

const flag = z.enum(["0", "1"]).default("0");
const bytesQuery = z.strictObject({
  /** `from-to`, from 1, both included. */
  lines: z
    .string()
    .regex(/^[1-9]\d{0,14}-[1-9]\d{0,14}$/, "lines wants from-to, such as 100-200")
    .optional(),
  ansi: z.enum(["keep", "strip"]).default("keep"),
});
const linesQuery = z.strictObject({
  /** From 0; a negative number counts from the end. */
  from: z.coerce.number().int().default(0),
  count: z.coerce.number().int().min(0).max(2000).default(200),
});
const searchQuery = z.strictObject({ text: z.string().min(1).max(1000), regex: flag, case: flag });

/** The whole text of stream outputs, read by whoever may look at notebooks. */
export function spoolHandlers({ sessions }: Services) {
  let searches = 0;
  const spoolOf = (call: Call) => {
    const id = param(call.req, "outputId");
    const spool = sessions.spools.find(id);
    if (!spool) throw new HttpError("not-found", "This output is gone: the cell ran again, or it was cleared.");
    return { id, ...spool };
  };

  return {
    /** All of it, one range of its bytes, or some of its lines; as it was printed, or without escape sequences. */
    async bytes(call: Call) {
      const { req, res } = call;
      const { lines, ansi } = bytesQuery.parse(req.query);
      const { id, file, bytes } = spoolOf(call);
      let [start, end] = [0, bytes];
      if (lines !== undefined) {
        const [from, to] = lines.split("-").map(Number) as [number, number];
        const index = await sessions.spools.index(id);
        start = await offsetOfLine(file, index, from - 1);
        end = Math.max(start, await offsetOfLine(file, index, to));
      }
      const type = "text/plain; charset=utf-8";
      const download = `output-${id.slice(0, 8)}.txt`;
      res.setHeader("Content-Security-Policy", SANDBOX_CSP);
      if (ansi === "strip") {
        res.attachment(download).setHeader("Content-Type", type);
        if (end === start) res.end();
        else await pipeline(createReadStream(file, { start, end: end - 1 }), withoutAnsi, res);
        return;
      }
      await sendBytes(req, res, {
        size: end - start,
        type,
        download,
        read: (range) => createReadStream(file, { start: start + range.start, end: start + range.end }),
      });
    },

    /** A window of lines for the log view, with how many there are by now. */
    async lines(call: Call) {
      const { from, count } = linesQuery.parse(call.req.query);
      const { id, file, open, collected } = spoolOf(call);
      const index = await sessions.spools.index(id);
      const { bytes, lines } = index;
      const first = from < 0 ? Math.max(0, lines + from) : Math.min(from, lines);
      call.res.json({
        bytes,
        total: lines,
        open,
        collected,
        ...(await readLines(file, index, { from: first, count })),
      });
    },

    /** Lines of JSON as the search goes on; it ends when the asker leaves. */
    async search(call: Call) {
      const { res } = call;
      const { text, regex, case: matchCase } = searchQuery.parse(call.req.query);
      const query: LogQuery = { text, regex: regex === "1", matchCase: matchCase === "1" };
      const { file, bytes } = spoolOf(call);
      checkSearch(query);
      if (searches >= MAX_SEARCHES)
        throw new HttpError("rate-limited", `${MAX_SEARCHES} searches run already. Wait for one to end, or stop one.`);
      searches += 1;
      const abort = new AbortController();
      res.on("close", () => abort.abort());
      res.setHeader("Content-Type", "application/x-ndjson");
      const tell = (report: object) => res.write(`${JSON.stringify(report)}\n`);
      try {
        await searchLog({ file, bytes, query, limit: MAX_HITS }, { signal: abort.signal, onReport: tell });
      } catch (error) {
        if (!abort.signal.aborted) tell({ type: "failed", message: (error as Error).message });
      } finally {
        searches -= 1;
        res.end();
      }
    },
  };
}

function checkSearch(query: LogQuery): void {
  try {
    checkQuery(query);
  } catch (error) {
    if (error instanceof SearchError) throw new HttpError("bad-request", error.message, { cause: error });
    throw error;
  }
}

async function* withoutAnsi(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder("utf8");
  const stripper = new AnsiStripper();
  for await (const chunk of chunks) yield stripper.push(decoder.write(chunk));
  yield stripper.push(decoder.end()) + stripper.end();
}
