import { Clock, FilePlus2, NotebookText, Search, SquareTerminal } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useStore } from "zustand";
import { runCommand } from "../../core/commands.ts";
import { fileIndexStore, refreshFileIndex } from "../../core/file-index.ts";
import { layoutStore } from "../../core/layout.ts";
import { mayEdit, meStore } from "../../core/me.ts";
import { baseName, displayName, parentPath } from "../../core/paths.ts";
import { settingsStore, updateSettings } from "../../core/settings.ts";
import { isNotebookPath, openPath } from "../../core/workspace.ts";
import { Button } from "../../ui/button.tsx";
import { Kbd } from "../../ui/kbd.tsx";
import { Logo } from "../../ui/logo.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { FileIcon } from "../files/file-icon.tsx";

const LISTED = 8;

function PathRow({ path }: { path: string }) {
  const folder = parentPath(path);
  return (
    <li>
      <button
        type="button"
        onClick={() => openPath(path)}
        className="flex h-8 w-full items-center gap-2.5 rounded-md px-2 text-left hover:bg-hover"
      >
        <FileIcon entry={{ name: path, type: isNotebookPath(path) ? "notebook" : "file" }} />
        <bdi className="truncate text-fg">{displayName(baseName(path))}</bdi>
        <bdi className="min-w-0 flex-1 truncate text-fg-3 text-xs">{displayName(folder)}</bdi>
      </button>
    </li>
  );
}

function Section({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  return (
    <section className="min-w-0 flex-1">
      <h2 className="flex items-center gap-2 px-2 pb-1.5 font-medium text-fg-3 text-xs">
        {icon}
        {title}
      </h2>
      {children}
    </section>
  );
}

function FirstHelp() {
  const show = useStore(settingsStore, (state) => state.showWelcome);
  if (!show) return null;
  return (
    <aside aria-label="First steps" className="mt-8 rounded-lg border border-line-soft bg-cell px-4 py-3 text-fg-2">
      <ol className="flex flex-col gap-1.5">
        <li>
          <span className="text-fg">Write TypeScript in a cell</span> and run it with <Kbd keys="Shift+Enter" />:{" "}
          <code className="font-mono">sh</code>, <code className="font-mono">ssh</code>,{" "}
          <code className="font-mono">http</code> and the other helpers are there without an import.
        </li>
        <li>
          <span className="text-fg">Close the browser whenever you like.</span> The run goes on at the server; all of
          its output is here when you come back.
        </li>
        <li>
          <span className="text-fg">Everything has a command.</span> <Kbd keys="Mod+K" /> finds commands and files,{" "}
          <Kbd keys="?" /> lists the keys.
        </li>
      </ol>
      <Button className="mt-2 -ml-2" onClick={() => updateSettings({ showWelcome: false })}>
        Don't show this again
      </Button>
    </aside>
  );
}

/** What fills the middle while no tab is open. */
export function Home() {
  const recent = useStore(layoutStore, (state) => state.recent);
  const { files, loading, at } = useStore(fileIndexStore);
  const editor = useStore(meStore, (state) => mayEdit(state.me));
  useEffect(() => {
    void refreshFileIndex();
  }, []);
  const known = new Set(files.map(({ path }) => path));
  const recentHere = recent.filter((path) => at === 0 || known.has(path)).slice(0, LISTED);
  const notebooks = files
    .filter(({ type, path }) => type === "notebook" && !recentHere.includes(path))
    .slice(0, LISTED);

  return (
    <div className="h-full overflow-y-auto bg-canvas">
      <div className="mx-auto flex min-h-full max-w-[760px] flex-col px-8 py-[9vh]">
        <div className="flex items-center gap-3">
          <Logo size={34} />
          <div>
            <h1 className="font-semibold text-fg text-xl tracking-tight">Opsbook</h1>
            <p className="text-fg-3 text-md">Runbooks that run, with everybody on the same page.</p>
          </div>
        </div>
        <div className="mt-6 flex flex-wrap gap-2">
          <Button
            variant="primary"
            className="h-8 px-3"
            disabled={!editor}
            onClick={() => runCommand("files.new-notebook")}
          >
            <FilePlus2 size={14} aria-hidden />
            New notebook
          </Button>
          <Button variant="outline" className="h-8 px-3" disabled={!editor} onClick={() => runCommand("terminal.new")}>
            <SquareTerminal size={14} aria-hidden />
            New terminal
          </Button>
          <Button variant="outline" className="h-8 px-3" onClick={() => runCommand("app.palette")}>
            <Search size={14} aria-hidden />
            Search
            <Kbd keys="Mod+K" />
          </Button>
        </div>
        <div className="mt-8 flex flex-wrap gap-x-8 gap-y-6 [&>section]:min-w-64">
          {recentHere.length > 0 ? (
            <Section icon={<Clock size={12} aria-hidden />} title="Recent">
              <ul>
                {recentHere.map((path) => (
                  <PathRow key={path} path={path} />
                ))}
              </ul>
            </Section>
          ) : null}
          <Section icon={<NotebookText size={12} aria-hidden />} title="Notebooks here">
            {notebooks.length > 0 ? (
              <ul>
                {notebooks.map(({ path }) => (
                  <PathRow key={path} path={path} />
                ))}
              </ul>
            ) : loading ? (
              <p className="px-2 py-1">
                <Spinner label="Looking for notebooks" />
              </p>
            ) : (
              <p className="px-2 py-1 text-fg-3">
                {recentHere.length > 0 ? "No other notebook in this folder." : "No notebook in this folder yet."}
              </p>
            )}
          </Section>
        </div>
        <FirstHelp />
      </div>
    </div>
  );
}
