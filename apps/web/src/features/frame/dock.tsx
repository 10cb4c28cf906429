import "dockview-react/dist/styles/dockview.css";
import "./dock.css";
import { DockviewReact, type DockviewReadyEvent, type DockviewTheme, type IDockviewPanelProps } from "dockview-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { attachDock, openTab, parseRoute } from "../../core/workspace.ts";
import { ErrorBoundary } from "../../ui/error-boundary.tsx";
import { ErrorState } from "../../ui/message.tsx";
import { TextViewer } from "../files/text-viewer.tsx";
import { Home } from "../home/home.tsx";
import { LogView } from "../log/log-view.tsx";
import { NotebookView } from "../notebook/notebook-view.tsx";
import { TerminalView } from "../terminal/terminal-view.tsx";
import { createDock, parseTab } from "./dock-controller.ts";
import { DockTab } from "./dock-tab.tsx";

const CompareView = lazy(() => import("../history/compare-view.tsx"));

function useVisible(api: IDockviewPanelProps["api"]): boolean {
  const [visible, setVisible] = useState(api.isVisible);
  useEffect(() => {
    setVisible(api.isVisible);
    const subscription = api.onDidVisibilityChange((event) => setVisible(event.isVisible));
    return () => subscription.dispose();
  }, [api]);
  return visible;
}

function TabContent({ api, params }: IDockviewPanelProps) {
  const visible = useVisible(api);
  const tab = parseTab(params);
  if (!tab) return <ErrorState title="This tab cannot be shown" message="It was saved by another version." />;
  switch (tab.kind) {
    case "notebook":
      return (
        <ErrorBoundary what="The notebook">
          <NotebookView path={tab.path} visible={visible} />
        </ErrorBoundary>
      );
    case "file":
      return (
        <ErrorBoundary what="The file">
          <TextViewer path={tab.path} />
        </ErrorBoundary>
      );
    case "versions":
      return (
        <ErrorBoundary what="The comparison">
          <Suspense fallback={null}>
            <CompareView {...tab} visible={visible} />
          </Suspense>
        </ErrorBoundary>
      );
    case "terminal":
      return (
        <ErrorBoundary what="The terminal">
          <TerminalView name={tab.name} visible={visible} />
        </ErrorBoundary>
      );
    case "log":
      return (
        <ErrorBoundary what="The log">
          <LogView outputId={tab.outputId} path={tab.path} visible={visible} />
        </ErrorBoundary>
      );
    default:
      return tab satisfies never;
  }
}

// Stable references: the docking library rebuilds its panels when these change.
const COMPONENTS = {
  notebook: TabContent,
  file: TabContent,
  versions: TabContent,
  terminal: TabContent,
  log: TabContent,
};
const TAB_COMPONENTS = { tab: DockTab };
const THEME: DockviewTheme = { name: "opsbook", className: "dockview-theme-opsbook", dndTabIndicator: "line" };

/** The default export is for `lazy`. */
export default function DockArea() {
  const dispose = useRef<(() => void) | null>(null);
  useEffect(
    () => () => {
      attachDock(null);
      dispose.current?.();
    },
    [],
  );
  const onReady = ({ api }: DockviewReadyEvent): void => {
    const dock = createDock(api);
    dispose.current = dock.dispose;
    attachDock(dock);
    const route = parseRoute(window.location.hash);
    if (route) openTab(route);
  };
  return (
    <DockviewReact
      className="h-full"
      theme={THEME}
      components={COMPONENTS}
      tabComponents={TAB_COMPONENTS}
      defaultTabComponent={DockTab}
      watermarkComponent={Home}
      defaultRenderer="always"
      disableFloatingGroups
      scrollbars="native"
      onReady={onReady}
    />
  );
}
