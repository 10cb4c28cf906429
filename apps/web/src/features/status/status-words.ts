import type { KernelStatus, SaveStatus } from "@opsbook/notebook/session";
import type { DotState } from "../../ui/badge.tsx";

export function kernelWords(status: KernelStatus): string {
  switch (status) {
    case "none":
      return "not started";
    case "starting":
      return "starting";
    case "idle":
      return "ready";
    case "busy":
      return "busy";
    case "restarting":
      return "restarting";
    case "not-answering":
      return "not answering";
    case "dead":
      return "dead";
    case "unknown-kernel":
      return "not found";
    default:
      return status satisfies never;
  }
}

export function kernelDot(status: KernelStatus): DotState {
  if (status === "busy") return "running";
  if (status === "dead" || status === "not-answering" || status === "unknown-kernel") return "failed";
  if (status === "idle") return "ok";
  return status === "none" ? "idle" : "queued";
}

export interface SaveWords {
  text: string;
  tone: "ok" | "wait" | "fail";
}

export function saveWords(save: SaveStatus): SaveWords {
  switch (save.state) {
    case "saved":
      return { text: "Saved", tone: "ok" };
    case "saving":
      return { text: "Saving", tone: "wait" };
    case "unsaved":
      return { text: "Not saved yet", tone: "wait" };
    case "failed":
      return { text: "Not saved", tone: "fail" };
    case "conflict":
      return { text: "Changed on disk", tone: "fail" };
    default:
      return save.state satisfies never;
  }
}
