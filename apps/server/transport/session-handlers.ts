import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { joinLines } from "@opsbook/notebook";
import { cellIdSchema, idSchema, LIMITS, type SessionOutput } from "@opsbook/notebook/session";
import { z } from "zod";
import { param, sendBytes } from "./answers.ts";
import { parsePath } from "./contents/root.ts";
import { HttpError } from "./errors.ts";
import { frameDocument } from "./frame-document.ts";
import { FRAME_CSP, SANDBOX_CSP } from "./headers.ts";
import type { Call, Services } from "./services.ts";

const openSchema = z.strictObject({ path: z.string().min(1).max(4096) });

const decisionSchema = z.strictObject({
  conflictId: idSchema,
  cells: z.array(z.strictObject({ cellId: cellIdSchema, side: z.enum(["mine", "theirs", "both"]) })).max(LIMITS.cells),
  metadata: z.enum(["mine", "theirs"]),
});

/** The type a blob is shown as is the asker's word, so it may only be one that runs nothing. */
const BLOB_TYPES = new Set([
  "application/json",
  "application/pdf",
  "image/gif",
  "image/jpeg",
  "image/png",
  "image/svg+xml",
  "image/webp",
  "text/plain",
]);
const YEAR_S = 31_536_000;
const blobRefSchema = z.object({ $blob: z.string().regex(/^[0-9a-f]{64}$/) });

export function sessionHandlers(services: Services) {
  const { sessions, contents } = services;
  const sessionOf = (call: Call) => {
    const session = sessions.session(param(call.req, "id"));
    if (!session) throw new HttpError("not-found", "This session is not open. Open the notebook again.");
    return session;
  };

  return {
    async open(call: Call) {
      const { path } = openSchema.parse(call.body);
      const session = await sessions.openSession(await contents.realFile(parsePath(path)));
      call.res.status(201).json({ id: session.id, path: session.path });
    },

    list(call: Call) {
      call.res.json(sessions.list().map(({ id, path }) => ({ id, path })));
    },

    async close(call: Call) {
      await sessions.endSession(sessionOf(call).id);
      call.res.status(204).end();
    },

    /** Null where there is nothing to decide. */
    async conflict(call: Call) {
      call.res.setHeader("Content-Security-Policy", SANDBOX_CSP);
      call.res.json(await sessionOf(call).outside.show());
    },

    async decideConflict(call: Call) {
      const { cells, ...decision } = decisionSchema.parse(call.body);
      const sides = new Map(cells.map(({ cellId, side }) => [cellId, side]));
      await sessionOf(call).outside.decide({ ...decision, cells: sides }, call.identity.user);
      call.res.status(204).end();
    },

    /** An HTML or SVG output as a page of its own, for the sandboxed frame (T6). */
    async frame(call: Call) {
      const output = sessionOf(call).output(param(call.req, "outputId"));
      const markup = output && (await markupOf(output, services));
      if (markup === undefined) throw new HttpError("not-found", "There is no such output.");
      call.res.setHeader("Content-Security-Policy", FRAME_CSP);
      call.res.type("html").send(frameDocument(markup, call.req.query.theme === "dark" ? "dark" : "light"));
    },

    async blob(call: Call) {
      const { req, res } = call;
      const sha256 = param(req, "sha256");
      const blob = /^[0-9a-f]{64}$/.test(sha256) ? await sessions.blob(sha256) : undefined;
      if (!blob) throw new HttpError("not-found", "There is no such value.");
      const asked = typeof req.query.type === "string" ? req.query.type : "";
      const type = BLOB_TYPES.has(asked) ? asked : "application/octet-stream";
      res.setHeader("Content-Security-Policy", SANDBOX_CSP);
      res.setHeader("Cache-Control", `private, max-age=${YEAR_S}, immutable`);
      await sendBytes(req, res, {
        size: blob.bytes,
        type: type === "text/plain" ? "text/plain; charset=utf-8" : type,
        read: (range) => createReadStream(blob.file, range),
      });
    },
  };
}

async function markupOf(output: SessionOutput, services: Services): Promise<string | undefined> {
  if (output.output_type !== "display_data" && output.output_type !== "execute_result") return undefined;
  const value = output.data["text/html"] ?? output.data["image/svg+xml"];
  const ref = blobRefSchema.safeParse(value);
  if (!ref.success) return joinLines(value);
  const blob = await services.sessions.blob(ref.data.$blob);
  return blob && readFile(blob.file, "utf8");
}
