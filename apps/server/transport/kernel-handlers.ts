import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { KernelStatus } from "@opsbook/notebook/session";
import { z } from "zod";
import type { Kernel, Kernelspec } from "../runtime/index.ts";
import { param } from "./answers.ts";
import { parsePath } from "./contents/root.ts";
import { encodePath } from "./contents-handlers.ts";
import { HttpError } from "./errors.ts";
import { SANDBOX_CSP } from "./headers.ts";
import { lettingGo } from "./kernel-socket.ts";
import type { Call, Services } from "./services.ts";

const startSchema = z.object({ name: z.string().min(1).max(200).optional(), path: z.string().max(4096).optional() });
const kernelChoice = z.object({ name: z.string().min(1).max(200).nullish(), id: z.string().max(200).nullish() });
const createSessionSchema = z.object({
  path: z.string().min(1).max(4096),
  name: z.string().max(4096).nullish(),
  type: z.string().max(100),
  kernel: kernelChoice.nullish(),
});
const patchSessionSchema = z.object({
  path: z.string().min(1).max(4096).nullish(),
  name: z.string().max(4096).nullish(),
  type: z.string().max(100).nullish(),
  kernel: kernelChoice.nullish(),
});
const DEFAULT_KERNEL = "typescript";

/** A client of Jupyter's protocol ties a kernel to a path; ours are tied by their notebook session. */
interface JupyterSession {
  id: string;
  path: string;
  name: string;
  type: string;
  kernelId: string;
}

/** Jupyter's kernels, kernelspecs and sessions. */
export function kernelHandlers(services: Services) {
  const { runtime, sessions, contents } = services;
  const foreign = new Map<string, JupyterSession>();

  const kernelOf = (id: string): Kernel => {
    const kernel = runtime.kernel(id);
    if (!kernel) throw new HttpError("not-found", `Kernel does not exist: ${id}`);
    return kernel;
  };
  const start = async (name: string, folder: string[], label: string): Promise<Kernel> => {
    const specs = await runtime.kernelspecs();
    if (!specs.some((spec) => spec.name === name)) {
      const available = specs.map((spec) => spec.name);
      throw new HttpError("unknown-kernel", `There is no kernel ${name}. There are: ${available.join(", ")}`, {
        details: { available },
      });
    }
    const kernel = await runtime.startKernel({ spec: name, cwd: await contents.realFolder(folder), label });
    // Also while no socket listens: its spool would grow for as long as it prints.
    kernel.subscribe(Number.MAX_SAFE_INTEGER, lettingGo(services, kernel));
    return kernel;
  };

  const kernelModel = (kernel: Kernel) => {
    const session = sessions.list().find((one) => one.state.runtime.kernelId === kernel.id);
    const status = session?.state.runtime.status ?? "idle";
    return {
      id: kernel.id,
      name: kernel.spec.name,
      last_activity: new Date().toISOString(),
      execution_state: jupyterState(status),
      connections: session?.state.clients.length ?? 0,
    };
  };

  const sessionModel = (session: JupyterSession) => {
    const kernel = runtime.kernel(session.kernelId);
    return {
      id: session.id,
      path: session.path,
      name: session.name,
      type: session.type,
      kernel: kernel ? kernelModel(kernel) : null,
      ...(session.type === "notebook" ? { notebook: { path: session.path, name: session.name } } : {}),
    };
  };

  const allSessions = (): JupyterSession[] => {
    const ours = sessions.list().flatMap(({ id, path, state }) => {
      const kernelId = state.runtime.kernelId;
      return kernelId === null ? [] : [{ id, path, name: baseName(path), type: "notebook", kernelId }];
    });
    for (const [id, session] of foreign) if (!runtime.kernel(session.kernelId)) foreign.delete(id);
    const taken = new Set(ours.map((session) => session.path));
    return [...ours, ...[...foreign.values()].filter((session) => !taken.has(session.path))];
  };

  const jupyterSession = (id: string): JupyterSession => {
    const session = allSessions().find((one) => one.id === id);
    if (!session) throw new HttpError("not-found", `Session not found: ${id}`);
    return session;
  };

  return {
    async listSpecs({ res }: Call) {
      const specs = await runtime.kernelspecs();
      const models = await Promise.all(specs.map(specModel));
      res.json({
        default: specs.some((spec) => spec.name === DEFAULT_KERNEL) ? DEFAULT_KERNEL : (specs[0]?.name ?? ""),
        kernelspecs: Object.fromEntries(models.map((model) => [model.name, model])),
      });
    },

    async readSpec({ req, res }: Call) {
      res.json(await specModel(await findSpec(services, param(req, "name"))));
    },

    async specResource({ req, res }: Call) {
      const spec = await findSpec(services, param(req, "name"));
      const file = param(req, "file");
      const files = await resourcesOf(spec);
      const type = RESOURCE_TYPES[file.slice(file.lastIndexOf("."))];
      if (!spec.resourceDir || !type || !files.includes(file)) throw new HttpError("not-found", "No such resource.");
      res.setHeader("Content-Security-Policy", SANDBOX_CSP);
      res.type(type).send(await readFile(join(spec.resourceDir, file)));
    },

    list({ res }: Call) {
      res.json(runtime.kernels().map(kernelModel));
    },

    read({ req, res }: Call) {
      res.json(kernelModel(kernelOf(param(req, "id"))));
    },

    async create({ res, body }: Call) {
      const { name, path } = startSchema.parse(body ?? {});
      const folder = path === undefined ? [] : folderOf(path);
      const kernel = await start(name ?? DEFAULT_KERNEL, folder, path ?? "kernel");
      res
        .status(201)
        .location(`/api/kernels/${encodeURIComponent(kernel.id)}`)
        .json(kernelModel(kernel));
    },

    async remove({ req, res }: Call) {
      await kernelOf(param(req, "id")).shutdown();
      res.status(204).end();
    },

    async interrupt({ req, res }: Call) {
      await kernelOf(param(req, "id")).interrupt();
      res.status(204).end();
    },

    async restart({ req, res }: Call) {
      const kernel = kernelOf(param(req, "id"));
      await kernel.restart();
      res.json(kernelModel(kernel));
    },

    listSessions({ res }: Call) {
      res.json(allSessions().map(sessionModel));
    },

    readSession({ req, res }: Call) {
      res.json(sessionModel(jupyterSession(param(req, "id"))));
    },

    async createSession({ res, body }: Call) {
      const request = createSessionSchema.parse(body);
      const path = parsePath(request.path).join("/");
      const existing = allSessions().find((session) => session.path === path && session.type === request.type);
      if (existing) {
        res.status(201).json(sessionModel(existing));
        return;
      }
      const kernel = request.kernel?.id
        ? kernelOf(request.kernel.id)
        : await start(request.kernel?.name ?? DEFAULT_KERNEL, folderOf(path), path);
      const name = request.name ?? baseName(path);
      const session = { id: randomUUID(), path, name, type: request.type, kernelId: kernel.id };
      foreign.set(session.id, session);
      res.status(201).location(`/api/sessions/${session.id}`).json(sessionModel(session));
    },

    async patchSession({ req, res, body }: Call) {
      const request = patchSessionSchema.parse(body);
      const session = foreign.get(jupyterSession(param(req, "id")).id);
      if (!session) throw new HttpError("exists", "An open notebook keeps its kernel; change it in the notebook.");
      const choice = request.kernel;
      if (choice?.id) session.kernelId = kernelOf(choice.id).id;
      else if (choice?.name) session.kernelId = (await start(choice.name, folderOf(session.path), session.path)).id;
      if (request.path) session.path = parsePath(request.path).join("/");
      if (request.name) session.name = request.name;
      if (request.type) session.type = request.type;
      res.json(sessionModel(session));
    },

    async removeSession({ req, res }: Call) {
      const session = jupyterSession(param(req, "id"));
      if (foreign.delete(session.id)) await runtime.kernel(session.kernelId)?.shutdown();
      else await sessions.endSession(session.id);
      res.status(204).end();
    },
  };
}

/** As Jupyter's clients know them. */
function jupyterState(status: KernelStatus): string {
  if (status === "not-answering") return "unknown";
  return status === "none" || status === "unknown-kernel" ? "idle" : status;
}

const RESOURCE_TYPES: Record<string, string> = {
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".css": "text/css",
  ".js": "text/javascript",
};

async function findSpec(services: Services, name: string): Promise<Kernelspec> {
  const spec = (await services.runtime.kernelspecs()).find((one) => one.name === name);
  if (!spec) throw new HttpError("not-found", `Kernel spec ${name} not found`);
  return spec;
}

/** The environment is left out: people keep credentials in it. */
async function specModel(spec: Kernelspec) {
  const files = await resourcesOf(spec);
  const base = `/kernelspecs/${encodePath(spec.name)}`;
  const resources = files.map((file) => [file.replace(/\.[^.]+$/, ""), `${base}/${encodeURIComponent(file)}`]);
  return {
    name: spec.name,
    spec: {
      argv: spec.argv,
      env: {},
      display_name: spec.displayName,
      language: spec.language,
      interrupt_mode: spec.interruptMode,
      metadata: spec.metadata,
    },
    resources: Object.fromEntries(resources) as Record<string, string>,
  };
}

async function resourcesOf(spec: Kernelspec): Promise<string[]> {
  if (!spec.resourceDir) return [];
  const files = await readdir(spec.resourceDir).catch(() => []);
  return files.filter((file) => /^logo-[A-Za-z0-9_-]+\.(png|svg)$/.test(file) || /^kernel\.(js|css)$/.test(file));
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The folder of a notebook's path; a path without a slash lies in the served folder. */
function folderOf(path: string): string[] {
  return parsePath(path).slice(0, -1);
}
