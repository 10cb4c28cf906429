import { useEffect } from "react";
import { useStore } from "zustand";
import { fileIndexStore, refreshFileIndex, staleFileIndex } from "../../core/file-index.ts";
import { type Checkpoint, checkpointLabel, type VersionName } from "../../core/history/versions.ts";
import { displayName } from "../../core/paths.ts";

interface Props {
  label: string;
  path: string;
  value: VersionName | null;
  checkpoints: readonly Checkpoint[];
  /** Words for choosing none. */
  none?: string;
  onChange: (value: VersionName | null) => void;
}

/** Every version there is to choose from, other notebooks of the folder too. */
export function VersionSelect({ label, path, value, checkpoints, none, onChange }: Props) {
  const files = useStore(fileIndexStore, (state) => state.files);
  // Files written a moment ago are to choose from too.
  useEffect(() => {
    staleFileIndex();
    void refreshFileIndex();
  }, []);
  const others = files.filter((file) => file.type === "notebook" && file.path !== path);
  const known = [
    "",
    "now",
    "saved",
    "head",
    ...checkpoints.map(({ id }) => id),
    ...others.map((file) => `path:${file.path}`),
  ];
  return (
    <select
      aria-label={label}
      className="h-6 min-w-0 max-w-72 flex-1 rounded-sm border border-line bg-canvas px-1 text-fg text-sm"
      value={value ?? ""}
      onChange={({ target }) => onChange(target.value === "" ? null : target.value)}
    >
      {none === undefined ? null : <option value="">{none}</option>}
      {value !== null && !known.includes(value) ? <option value={value}>A checkpoint that is gone</option> : null}
      <option value="now">Now</option>
      <option value="saved">Saved file</option>
      <option value="head">Last git commit</option>
      {checkpoints.length > 0 ? (
        <optgroup label="Checkpoints">
          {checkpoints.map((checkpoint) => (
            <option key={checkpoint.id} value={checkpoint.id}>
              {checkpointLabel(checkpoint)}
            </option>
          ))}
        </optgroup>
      ) : null}
      {others.length > 0 ? (
        <optgroup label="Other notebooks, as they are now">
          {others.map((file) => (
            <option key={file.path} value={`path:${file.path}`}>
              {displayName(file.path)}
            </option>
          ))}
        </optgroup>
      ) : null}
    </select>
  );
}
