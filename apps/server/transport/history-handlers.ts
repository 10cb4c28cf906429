import { roleIncludes } from "@opsbook/notebook/session";
import { isVersionName } from "../session/index.ts";
import { param, pathParam } from "./answers.ts";
import { createCheckpointSchema, renameCheckpointSchema, restoreCheckpointSchema } from "./contents/checkpoints.ts";
import { checkComponents } from "./contents/root.ts";
import { HttpError } from "./errors.ts";
import { SANDBOX_CSP } from "./headers.ts";
import type { Call, Services } from "./services.ts";

/** Checkpoints, versions of a notebook, and who did what. */
export function historyHandlers(services: Services) {
  const { checkpoints, contents, sessions } = services;
  const pathOf = (call: Call) => checkComponents(pathParam(call.req));
  const idOf = (call: Call) => param(call.req, "checkpoint");

  return {
    async list(call: Call) {
      call.res.json(await checkpoints.list(pathOf(call)));
    },

    async create(call: Call) {
      const request = createCheckpointSchema.parse(call.body);
      const { user, role } = call.identity;
      // The page makes one before it restarts a kernel, which runners may; a name keeps it for ever.
      if (request.name !== undefined && !roleIncludes(role() ?? "viewer", "editor"))
        throw new HttpError("forbidden", "You may not name checkpoints. Ask the notebook's owner for the editor role.");
      call.res.status(201).json(await checkpoints.create(pathOf(call), request, user));
    },

    /** Jupyter's. */
    async restore(call: Call) {
      await checkpoints.restore(pathOf(call), idOf(call), { by: call.identity.user });
      call.res.status(204).end();
    },

    /** Ours tells which checkpoint is the way back, and can bring one cell alone. */
    async restoreVersion(call: Call) {
      const { cellId } = restoreCheckpointSchema.parse(call.body);
      call.res.json({
        before: await checkpoints.restore(pathOf(call), idOf(call), { by: call.identity.user, cellId }),
      });
    },

    async rename(call: Call) {
      const change = renameCheckpointSchema.parse(call.body);
      call.res.json(await checkpoints.rename(pathOf(call), idOf(call), { ...change, by: call.identity.user }));
    },

    async remove(call: Call) {
      await checkpoints.remove(pathOf(call), idOf(call), call.identity.user);
      call.res.status(204).end();
    },

    async version(call: Call) {
      const version = param(call.req, "version");
      if (!isVersionName(version)) throw new HttpError("not-found", "There is no such version.");
      const session = await sessions.openSession(await contents.realFile(pathOf(call)));
      call.res.setHeader("Content-Security-Policy", SANDBOX_CSP);
      call.res.type("application/x-ipynb+json").send(await session.versions.text(version));
    },

    timeline(call: Call) {
      const session = sessions.session(param(call.req, "id"));
      if (!session) throw new HttpError("not-found", "This session is not open. Open the notebook again.");
      call.res.json(session.timeline);
    },
  };
}
