import { lazy, Suspense, useEffect, useState } from "react";
import { useStore } from "zustand";
import { errorMessage } from "./core/api.ts";
import { installKeyboard, onCommandFailure } from "./core/commands.ts";
import { dialogStore } from "./core/dialogs.ts";
import { showToast } from "./core/toasts.ts";
import { Frame } from "./features/frame/frame.tsx";
import { registerFrameCommands } from "./features/frame/frame-commands.ts";
import { LoginOverlay } from "./features/frame/login-overlay.tsx";
import { useAppearance, useMe, useRoute, useTitle } from "./features/frame/use-page.ts";
import { ErrorBoundary } from "./ui/error-boundary.tsx";
import { Toasts } from "./ui/toasts.tsx";
import { TooltipProvider } from "./ui/tooltip.tsx";

const Dialogs = lazy(() => import("./features/frame/dialogs.tsx"));

/** Palette and dialogs: their code comes after the first paint, or when one of them is wished for. */
function LazyDialogs() {
  const wished = useStore(dialogStore, (state) => state.open !== null);
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    const handle = requestIdleCallback(() => setIdle(true), { timeout: 3000 });
    return () => cancelIdleCallback(handle);
  }, []);
  if (!wished && !idle) return null;
  return (
    <Suspense fallback={null}>
      <Dialogs />
    </Suspense>
  );
}

export function App() {
  useAppearance();
  useMe();
  useRoute();
  useTitle();
  useEffect(() => {
    onCommandFailure((command, error) => showToast({ tone: "fail", text: `${command.title}: ${errorMessage(error)}` }));
    const removeKeyboard = installKeyboard(window);
    const removeCommands = registerFrameCommands();
    return () => {
      removeKeyboard();
      removeCommands();
    };
  }, []);
  return (
    <TooltipProvider>
      <ErrorBoundary what="Opsbook">
        <Frame />
      </ErrorBoundary>
      <ErrorBoundary what="The dialogs">
        <LazyDialogs />
      </ErrorBoundary>
      <Toasts />
      <LoginOverlay />
    </TooltipProvider>
  );
}
