import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "oxc-transform";
import { originalPosition } from "../transform/positions.ts";
import { OPTIONS, OWN } from "../typescript-hook.mjs";
import { mapOfDecorated } from "./decorated-files.ts";

const FRAME = /(file:\/\/[^\s():]+\.[cm]?ts(?:\?[^\s():]*)?):(\d+):(\d+)/g;

/** Frames in files that a hook transformed, at the lines of those files. Their maps are made when an error asks. */
export function translateLibraryFrames(text: string): string {
  if (!text.includes("file://")) return text;
  return text.replace(FRAME, (frame, url: string, line: string, column: string) => {
    const at = { line: Number(line), column: Number(column) };
    const map = mapOfDecorated(url);
    if (!map && !url.startsWith(OWN)) return frame;
    const position = map ? originalPosition(map, at) : locate(url, at);
    return position ? `${url}:${position.line}:${position.column}` : url;
  });
}

type SourceMap = ReturnType<typeof transformSync>["map"];
const maps = new Map<string, SourceMap>();

function locate(url: string, at: { line: number; column: number }) {
  try {
    if (!maps.has(url)) {
      const path = fileURLToPath(url);
      maps.set(url, transformSync(path, readFileSync(path, "utf8"), { ...OPTIONS, sourcemap: true }).map);
    }
    const map = maps.get(url);
    return map ? originalPosition(map, at) : null;
  } catch {
    return null;
  }
}
