import { type ReactNode, useId } from "react";
import { useStore } from "zustand";
import { dialogStore, openDialog } from "../../core/dialogs.ts";
import { type Settings, settingsStore, updateSettings } from "../../core/settings.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/text-field.tsx";

const THEMES: readonly { value: Settings["theme"]; label: string }[] = [
  { value: "system", label: "As the system" },
  { value: "dark", label: "Dark" },
  { value: "light", label: "Light" },
];

function Row({ id, label, children }: { id: string; label: string; children: ReactNode }) {
  return (
    <div className="flex min-h-9 items-center gap-4 border-line-soft border-b py-1.5 last:border-0">
      <label htmlFor={id} className="flex-1 text-fg">
        {label}
      </label>
      {children}
    </div>
  );
}

interface SizeFieldProps {
  label: string;
  name: "codeFontSize" | "terminalFontSize";
  range: { min: number; max: number };
}

function SizeField({ label, name, range }: SizeFieldProps) {
  const id = useId();
  const value = useStore(settingsStore, (state) => state[name]);
  return (
    <Row id={id} label={label}>
      <TextField
        id={id}
        type="number"
        className="!w-20 text-right"
        {...range}
        step={0.5}
        defaultValue={value}
        onChange={({ target }) => {
          const size = target.valueAsNumber;
          if (size >= range.min && size <= range.max) updateSettings({ [name]: size });
        }}
      />
      <span className="w-4 text-fg-3">px</span>
    </Row>
  );
}

export function SettingsDialog() {
  const id = useId();
  const open = useStore(dialogStore, (state) => state.open === "settings");
  const theme = useStore(settingsStore, (state) => state.theme);
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => openDialog(next ? "settings" : null)}
      title="Settings"
      description="Kept in this browser."
    >
      <Row id={id} label="Theme">
        <select
          id={id}
          value={theme}
          className="h-7 rounded-sm border border-line bg-canvas px-2 text-fg"
          onChange={({ target }) => {
            const choice = THEMES.find(({ value }) => value === target.value);
            if (choice) updateSettings({ theme: choice.value });
          }}
        >
          {THEMES.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </Row>
      <SizeField label="Code size" name="codeFontSize" range={{ min: 10, max: 24 }} />
      <SizeField label="Terminal text size" name="terminalFontSize" range={{ min: 9, max: 24 }} />
    </Dialog>
  );
}
