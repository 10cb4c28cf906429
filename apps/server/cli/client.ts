import { request } from "node:http";
import { z } from "zod";
import type { RunFile } from "./run-files.ts";

const linkSchema = z.object({ url: z.string() });
const PATIENCE_MS = 5000;

/** A fresh one-time login URL of a running server, null when it does not answer. */
export async function freshLoginUrl(run: RunFile): Promise<string | null> {
  try {
    const link = linkSchema.parse(JSON.parse(await post(run, "/api/opsbook/login-links", { owner: true })));
    const { pathname, hash } = new URL(link.url);
    return `${run.publicUrl}${pathname}${hash}`;
  } catch {
    return null;
  }
}

/** By loopback's name, which every server answers to, whatever address it listens on. */
function post(run: RunFile, path: string, body: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { host: "localhost", authorization: `Bearer ${run.token}`, "content-type": "application/json" };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const sent = request(new URL(path, run.localUrl), { method: "POST", headers, agent: false, signal }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part: string) => {
        text += part;
      });
      answer.on("error", reject);
      answer.on("end", () => (answer.statusCode === 201 ? resolve(text) : reject(new Error(`${answer.statusCode}`))));
    });
    sent.on("error", reject);
    sent.end(JSON.stringify(body));
  });
}
