import { useEffect, useState } from "react";
import { apiUrl, errorMessage } from "../../core/api.ts";
import { isBlobRef, type JsonValue } from "./mime.ts";

export type Loaded = { state: "ready"; value: JsonValue } | { state: "loading" } | { state: "failed"; message: string };

export function blobUrl(sha256: string, type: string): string {
  const url = apiUrl(`api/opsbook/blobs/${encodeURIComponent(sha256)}`);
  url.searchParams.set("type", type);
  return url.href;
}

/** A MIME value, fetched where it is too big to be in the state. */
export function useValue(value: JsonValue, type: string): Loaded {
  const blob = isBlobRef(value) ? value.$blob : null;
  const [loaded, setLoaded] = useState<Loaded>(blob === null ? { state: "ready", value } : { state: "loading" });
  useEffect(() => {
    if (blob === null) return undefined;
    const abort = new AbortController();
    setLoaded({ state: "loading" });
    fetchBlob(blob, { type, signal: abort.signal }).then(setLoaded, (error: unknown) => {
      if (!abort.signal.aborted) setLoaded({ state: "failed", message: errorMessage(error) });
    });
    return () => abort.abort();
  }, [blob, type]);
  return blob === null ? { state: "ready", value } : loaded;
}

async function fetchBlob(sha256: string, { type, signal }: { type: string; signal: AbortSignal }): Promise<Loaded> {
  const response = await fetch(blobUrl(sha256, type), { credentials: "same-origin", signal });
  if (!response.ok) return { state: "failed", message: `The server answered ${response.status}.` };
  const text = await response.text();
  return { state: "ready", value: type.endsWith("json") ? (JSON.parse(text) as JsonValue) : text };
}
