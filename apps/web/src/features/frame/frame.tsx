import { lazy, Suspense, useState } from "react";
import { useStore } from "zustand";
import { INSPECTOR_FITS, layoutStore, type SideView, updateLayout } from "../../core/layout.ts";
import { ErrorBoundary } from "../../ui/error-boundary.tsx";
import { Splitter } from "../../ui/splitter.tsx";
import { FilesView } from "../files/files-view.tsx";
import { PeopleView } from "../people/people-view.tsx";
import { StatusBar } from "../status/status-bar.tsx";
import { TerminalPanel } from "../terminal/terminal-panel.tsx";
import { TerminalsView } from "../terminal/terminals-view.tsx";
import { ActivityBar } from "./activity-bar.tsx";
import { Inspector } from "./inspector.tsx";
import { TopBar } from "./top-bar.tsx";
import { useMedia } from "./use-media.ts";

// Its code is a third of the app's: top bar and explorer are painted, and ask for their data, while it comes.
const loadDock = import("./dock.tsx");
const DockArea = lazy(() => loadDock);

const HistoryView = lazy(() => import("../history/history-view.tsx"));

const SIDE = { min: 160, max: 520 };
const INSPECTOR = { min: 200, max: 520 };
const PANEL = { min: 96, max: 900 };

function SideViewContent({ view }: { view: SideView }) {
  switch (view) {
    case "files":
      return <FilesView />;
    case "terminals":
      return <TerminalsView />;
    case "people":
      return <PeopleView />;
    case "history":
      return (
        <Suspense fallback={null}>
          <HistoryView />
        </Suspense>
      );
    default:
      return view satisfies never;
  }
}

function SideBar() {
  const view = useStore(layoutStore, (state) => state.sideView);
  const width = useStore(layoutStore, (state) => state.sideWidth);
  if (!view) return null;
  return (
    <>
      <aside
        aria-label="Side bar"
        className="flex min-h-0 flex-none flex-col border-line-soft border-r bg-side"
        style={{ width, maxWidth: "40vw" }}
      >
        <ErrorBoundary what="This panel" key={view}>
          <SideViewContent view={view} />
        </ErrorBoundary>
      </aside>
      <Splitter
        label="Width of the side bar"
        orientation="vertical"
        value={width}
        {...SIDE}
        onChange={(sideWidth) => updateLayout({ sideWidth })}
      />
    </>
  );
}

function Center() {
  const open = useStore(layoutStore, (state) => state.panelOpen);
  const height = useStore(layoutStore, (state) => state.panelHeight);
  const maximized = useStore(layoutStore, (state) => state.panelMaximized) && open;
  // Once shown, the panel stays mounted: its terminals keep their screens while it is folded.
  const [mounted, setMounted] = useState(open);
  if (open && !mounted) setMounted(true);
  return (
    <main className="flex min-w-0 flex-1 flex-col">
      <div className="min-h-0 flex-1" hidden={maximized}>
        <ErrorBoundary what="The tabs">
          <Suspense fallback={<div className="h-full bg-canvas" />}>
            <DockArea />
          </Suspense>
        </ErrorBoundary>
      </div>
      {open && !maximized ? (
        <Splitter
          label="Height of the terminal panel"
          orientation="horizontal"
          after
          value={height}
          {...PANEL}
          onChange={(panelHeight) => updateLayout({ panelHeight })}
        />
      ) : null}
      {mounted ? (
        <div
          hidden={!open}
          className="max-h-[75%] flex-none border-line border-t data-[maximized]:max-h-none data-[maximized]:flex-1"
          {...(maximized ? { "data-maximized": "" } : {})}
          style={maximized ? {} : { height }}
        >
          <ErrorBoundary what="The terminals">
            <TerminalPanel />
          </ErrorBoundary>
        </div>
      ) : null}
    </main>
  );
}

function InspectorPane() {
  const open = useStore(layoutStore, (state) => state.inspectorOpen);
  const width = useStore(layoutStore, (state) => state.inspectorWidth);
  const overlay = useStore(layoutStore, (state) => state.inspectorOverlay);
  const fits = useMedia(INSPECTOR_FITS);
  if (!fits) {
    return overlay ? (
      <div
        className="absolute inset-y-0 right-0 z-20 border-line border-l shadow-pop"
        style={{ width, maxWidth: "80vw" }}
      >
        <ErrorBoundary what="The inspector">
          <Inspector />
        </ErrorBoundary>
      </div>
    ) : null;
  }
  if (!open) return null;
  return (
    <>
      <Splitter
        label="Width of the inspector"
        orientation="vertical"
        after
        value={width}
        {...INSPECTOR}
        onChange={(inspectorWidth) => updateLayout({ inspectorWidth })}
      />
      <div className="flex-none border-line-soft border-l" style={{ width }}>
        <ErrorBoundary what="The inspector">
          <Inspector />
        </ErrorBoundary>
      </div>
    </>
  );
}

export function Frame() {
  return (
    <div className="grid h-full grid-rows-[auto_minmax(0,1fr)_auto]">
      <TopBar />
      <div className="relative flex min-h-0">
        <ActivityBar />
        <SideBar />
        <Center />
        <InspectorPane />
      </div>
      <StatusBar />
    </div>
  );
}
