import { Braces, File, FileCode, FileText, Folder, FolderOpen, Image, NotebookText, Table2 } from "lucide-react";
import type { Entry } from "../../core/server.ts";

const BY_EXTENSION: Record<string, typeof File> = {
  ts: FileCode,
  tsx: FileCode,
  js: FileCode,
  mjs: FileCode,
  py: FileCode,
  sh: FileCode,
  json: Braces,
  yaml: Braces,
  yml: Braces,
  toml: Braces,
  md: FileText,
  txt: FileText,
  log: FileText,
  csv: Table2,
  tsv: Table2,
  png: Image,
  jpg: Image,
  svg: Image,
};

export function FileIcon({ entry, open = false }: { entry: Pick<Entry, "name" | "type">; open?: boolean }) {
  if (entry.type === "directory") {
    const Icon = open ? FolderOpen : Folder;
    return <Icon size={14} aria-hidden className="flex-none text-fg-4" />;
  }
  if (entry.type === "notebook") return <NotebookText size={14} aria-hidden className="flex-none text-accent" />;
  const extension = entry.name.slice(entry.name.lastIndexOf(".") + 1).toLowerCase();
  const Icon = BY_EXTENSION[extension] ?? File;
  return <Icon size={14} aria-hidden className="flex-none text-fg-4" />;
}
