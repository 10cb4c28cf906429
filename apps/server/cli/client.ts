import { z } from "zod";
import type { RunFile } from "./run-files.ts";

const linkSchema = z.object({ url: z.string() });

/** A fresh one-time login URL of a running server, null when it does not answer. */
export async function freshLoginUrl(run: RunFile): Promise<string | null> {
  try {
    const response = await fetch(new URL("/api/opsbook/login-links", run.localUrl), {
      method: "POST",
      headers: { authorization: `Bearer ${run.token}`, "content-type": "application/json" },
      body: JSON.stringify({ owner: true }),
      signal: AbortSignal.timeout(5000),
    });
    if (!response.ok) return null;
    return linkSchema.parse(await response.json()).url;
  } catch {
    return null;
  }
}
