import { z } from "zod";
import { ApiError, apiUrl, encodePath, request } from "./api.ts";

/** The calls of the server's REST API that the frame needs: Jupyter's where there is one, ours otherwise. */

const entryTypeSchema = z.enum(["directory", "notebook", "file"]);

const entrySchema = z.object({
  name: z.string(),
  path: z.string(),
  type: entryTypeSchema,
  writable: z.boolean().catch(true),
  last_modified: z.string().nullish(),
  size: z.number().nullish(),
  mimetype: z.string().nullish(),
});
export type Entry = z.infer<typeof entrySchema>;

const directorySchema = entrySchema.extend({ content: z.array(entrySchema) });
const textFileSchema = entrySchema.extend({ content: z.string(), format: z.enum(["text", "base64"]) });
export type TextFile = z.infer<typeof textFileSchema>;

const contentsUrl = (path: string): string => {
  const encoded = encodePath(path);
  return encoded === "" ? "api/contents" : `api/contents/${encoded}`;
};

/** Folders first, then by name as people count: `run-2` before `run-10`. */
function byName(a: Entry, b: Entry): number {
  const folders = Number(b.type === "directory") - Number(a.type === "directory");
  return folders || a.name.localeCompare(b.name, undefined, { numeric: true, sensitivity: "base" });
}

export async function listFolder(path: string, signal?: AbortSignal): Promise<Entry[]> {
  const folder = await request(`${contentsUrl(path)}?type=directory&content=1`, {
    schema: directorySchema,
    ...(signal ? { signal } : {}),
  });
  return folder.content.toSorted(byName);
}

export function readText(path: string, signal?: AbortSignal): Promise<TextFile> {
  return request(`${contentsUrl(path)}?type=file&format=text&content=1`, {
    schema: textFileSchema,
    ...(signal ? { signal } : {}),
  });
}

export function createEntry(folder: string, kind: "notebook" | "directory" | "file"): Promise<Entry> {
  const body =
    kind === "notebook"
      ? { type: kind, ext: ".ipynb" }
      : kind === "file"
        ? { type: kind, ext: ".txt" }
        : { type: kind };
  return request(contentsUrl(folder), { schema: entrySchema, method: "POST", body });
}

export function renameEntry(path: string, to: string): Promise<Entry> {
  return request(contentsUrl(path), { schema: entrySchema, method: "PATCH", body: { path: to } });
}

/** Where the browser downloads a file from. */
export function downloadUrl(path: string): string {
  return apiUrl(`files/${encodePath(path)}`).href;
}

export async function deleteEntry(path: string): Promise<void> {
  await request(contentsUrl(path), { schema: z.unknown(), method: "DELETE" });
}

const jupyterSessionSchema = z.object({
  id: z.string(),
  path: z.string(),
  kernel: z.object({ name: z.string(), execution_state: z.string().nullish() }).nullish(),
});
export type RunningSession = z.infer<typeof jupyterSessionSchema>;

export function listSessions(signal?: AbortSignal): Promise<RunningSession[]> {
  return request("api/sessions", { schema: z.array(jupyterSessionSchema), ...(signal ? { signal } : {}) });
}

const openedSchema = z.object({ id: z.string(), path: z.string() });

/** Opens the notebook's session; an `ApiError` with reason `invalid-notebook` carries line and column in its body. */
export function openServerSession(path: string): Promise<z.infer<typeof openedSchema>> {
  return request("api/opsbook/sessions", { schema: openedSchema, method: "POST", body: { path } });
}

const kernelspecsSchema = z.object({
  default: z.string(),
  kernelspecs: z.record(
    z.string(),
    z.object({ name: z.string(), spec: z.object({ display_name: z.string(), language: z.string() }) }),
  ),
});
export interface Kernelspec {
  name: string;
  displayName: string;
  language: string;
}

export async function listKernelspecs(): Promise<{ default: string; specs: Kernelspec[] }> {
  const answer = await request("api/kernelspecs", { schema: kernelspecsSchema });
  const specs = Object.values(answer.kernelspecs).map(({ name, spec }) => ({
    name,
    displayName: spec.display_name,
    language: spec.language,
  }));
  return { default: answer.default, specs };
}

const terminalSchema = z.object({ name: z.string() });
export type TerminalInfo = z.infer<typeof terminalSchema>;

export function listTerminals(): Promise<TerminalInfo[]> {
  return request("api/terminals", { schema: z.array(terminalSchema) });
}

export function createTerminal(size: { cols: number; rows: number; cwd?: string }): Promise<TerminalInfo> {
  return request("api/opsbook/terminals", { schema: terminalSchema, method: "POST", body: size });
}

export async function terminalExists(name: string): Promise<boolean> {
  try {
    await request(`api/terminals/${encodeURIComponent(name)}`, { schema: terminalSchema });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === "not-found") return false;
    throw error;
  }
}

export async function deleteTerminal(name: string): Promise<void> {
  try {
    await request(`api/terminals/${encodeURIComponent(name)}`, { schema: z.unknown(), method: "DELETE" });
  } catch (error) {
    // Its shell may have ended just before.
    if (!(error instanceof ApiError && error.code === "not-found")) throw error;
  }
}

const roleSchema = z.enum(["viewer", "runner", "editor", "admin"]);
export type Role = z.infer<typeof roleSchema>;
const meSchema = z.object({
  identity: z.object({ username: z.string(), name: z.string().catch(""), display_name: z.string().catch("") }),
  role: roleSchema.optional(),
  workspace: z.string().optional(),
});
export interface Me {
  id: string;
  name: string;
  role: Role | null;
  workspace: string | null;
}

export async function fetchMe(): Promise<Me> {
  const { identity, role, workspace } = await request("api/me", { schema: meSchema });
  return {
    id: identity.username,
    name: identity.display_name || identity.name || identity.username,
    role: role ?? null,
    workspace: workspace ?? null,
  };
}

const loginLinkSchema = z.object({ url: z.string(), expiresAt: z.union([z.string(), z.number()]).optional() });

/** A fresh one-time login link for a colleague, who will have that role. Admins only. */
export async function createLoginLink(role: Role): Promise<string> {
  return (await request("api/opsbook/login-links", { schema: loginLinkSchema, method: "POST", body: { role } })).url;
}

export async function logout(): Promise<void> {
  await request("api/opsbook/logout", { schema: z.unknown(), method: "POST", body: {} });
}
