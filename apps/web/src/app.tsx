import { useEffect } from "react";
import { errorMessage } from "./core/api.ts";
import { installKeyboard, onCommandFailure } from "./core/commands.ts";
import { showToast } from "./core/toasts.ts";
import { Frame } from "./features/frame/frame.tsx";
import { registerFrameCommands } from "./features/frame/frame-commands.ts";
import { LoginOverlay } from "./features/frame/login-overlay.tsx";
import { SettingsDialog } from "./features/frame/settings-dialog.tsx";
import { useAppearance, useMe, useRoute, useTitle } from "./features/frame/use-page.ts";
import { Palette } from "./features/palette/palette.tsx";
import { ShortcutSheet } from "./features/palette/shortcut-sheet.tsx";
import { ShareDialog } from "./features/people/share-dialog.tsx";
import { ErrorBoundary } from "./ui/error-boundary.tsx";
import { Toasts } from "./ui/toasts.tsx";
import { TooltipProvider } from "./ui/tooltip.tsx";

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
      <Palette />
      <ShortcutSheet />
      <SettingsDialog />
      <ShareDialog />
      <Toasts />
      <LoginOverlay />
    </TooltipProvider>
  );
}
