import { useEffect, useRef, useState } from "react";
import { apiUrl } from "../../core/api.ts";
import { useScope } from "../notebook/notebook-context.ts";
import { useTheme } from "./use-theme.ts";

/** As the server's frame document sends it. */
const HEIGHT_MESSAGE = "opsbook:frame-height";
/** Pixels. */
const MAX_HEIGHT = 4000;

/** HTML or SVG of a cell in a document of its own: it may run scripts, and reaches nothing of this page. */
export function FrameOutput({ outputId, version }: { outputId: string; version: number }) {
  const { session } = useScope();
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(32);
  const theme = useTheme();
  useEffect(() => {
    const onMessage = (event: MessageEvent<unknown>) => {
      // Any page may send a message; only our own frame's counts, and of it only the number.
      if (event.source === null || event.source !== frame.current?.contentWindow) return;
      const wish = heightOf(event.data);
      if (wish !== null) setHeight(Math.min(MAX_HEIGHT, Math.max(1, Math.ceil(wish))));
    };
    window.addEventListener("message", onMessage);
    return () => window.removeEventListener("message", onMessage);
  }, []);
  const url = apiUrl(
    `api/opsbook/sessions/${encodeURIComponent(session.sessionId)}/frames/${encodeURIComponent(outputId)}`,
  );
  url.searchParams.set("v", String(version));
  url.searchParams.set("theme", theme);
  return (
    <iframe
      ref={frame}
      className="nb-frame"
      title="HTML output"
      src={url.href}
      sandbox="allow-scripts"
      referrerPolicy="no-referrer"
      loading="lazy"
      style={{ height }}
    />
  );
}

function heightOf(data: unknown): number | null {
  if (typeof data !== "object" || data === null || !("type" in data && "height" in data)) return null;
  if (data.type !== HEIGHT_MESSAGE) return null;
  return typeof data.height === "number" && Number.isFinite(data.height) ? data.height : null;
}
