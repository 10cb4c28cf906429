import { pathParam, sendBytes } from "./answers.ts";
import { createSchema, readQuerySchema, renameSchema, saveSchema } from "./contents/model.ts";
import { checkComponents, parsePath } from "./contents/root.ts";
import { HttpError } from "./errors.ts";
import { SANDBOX_CSP } from "./headers.ts";
import type { Call, Services } from "./services.ts";

/** What a browser would run or render in place rather than save. */
const ACTIVE_DESTINATIONS = new Set(["script", "style", "worker", "sharedworker", "serviceworker", "object", "embed"]);

/** Jupyter's contents API and the download of raw files. */
export function contentsHandlers(services: Services) {
  const { contents, sessions } = services;
  const pathOf = (call: Call) => checkComponents(pathParam(call.req));

  return {
    async read(call: Call) {
      const query = readQuerySchema.parse(call.req.query);
      call.res.json(await contents.read(pathOf(call), query));
    },

    async save(call: Call) {
      const { model, created } = await contents.save(pathOf(call), saveSchema.parse(call.body));
      call.res.status(created ? 201 : 200).json(model);
    },

    async create(call: Call) {
      const request = createSchema.parse(call.body ?? {});
      const folder = pathOf(call);
      const model =
        request.copy_from === undefined
          ? await contents.create(folder, request.type ?? typeOf(request.ext), request.ext ?? "")
          : await contents.copy(parsePath(request.copy_from), folder);
      call.res
        .status(201)
        .location(`/api/contents/${encodePath(model.path)}`)
        .json(model);
    },

    async rename(call: Call) {
      const from = pathOf(call);
      const to = parsePath(renameSchema.parse(call.body).path);
      const model = await contents.rename(from, to);
      await sessions.renamed(from.join("/"), to.join("/"));
      call.res.json(model);
    },

    async remove(call: Call) {
      const path = pathOf(call);
      const open = sessions.byPath(path.join("/"));
      // First, because ending a session saves it once more.
      if (open) await sessions.endSession(open.id);
      await contents.remove(path);
      call.res.status(204).end();
    },

    /** Always a download, never a page, script or style of ours (T7). */
    async download(call: Call) {
      const { req, res } = call;
      if (ACTIVE_DESTINATIONS.has(String(req.headers["sec-fetch-dest"] ?? ""))) {
        throw new HttpError("forbidden", "Files are for download only.");
      }
      const path = pathOf(call);
      const { handle, size, modified } = await contents.openForRead(path);
      try {
        res.setHeader("Content-Security-Policy", SANDBOX_CSP);
        res.setHeader("Last-Modified", modified.toUTCString());
        await sendBytes(req, res, {
          size,
          type: "application/octet-stream",
          download: path.at(-1) ?? "download",
          read: (range) => handle.createReadStream({ ...range, autoClose: false }),
        });
      } finally {
        await handle.close();
      }
    },
  };
}

function typeOf(extension: string | undefined): "notebook" | "file" {
  return extension === undefined || extension.replace(/^\./, "") === "ipynb" ? "notebook" : "file";
}

export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
