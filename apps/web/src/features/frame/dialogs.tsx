import { CheckpointDialog } from "../history/checkpoint-dialog.tsx";
import { Palette } from "../palette/palette.tsx";
import { ShortcutSheet } from "../palette/shortcut-sheet.tsx";
import { ShareDialog } from "../people/share-dialog.tsx";
import { SettingsDialog } from "./settings-dialog.tsx";

/** What opens above the app; the default export is for `lazy`. */
export default function Dialogs() {
  return (
    <>
      <Palette />
      <ShortcutSheet />
      <SettingsDialog />
      <ShareDialog />
      <CheckpointDialog />
    </>
  );
}
