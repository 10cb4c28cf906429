import { useEffect, useId, useState } from "react";
import { useStore } from "zustand";
import { errorMessage } from "../../core/api.ts";
import { dialogStore, openDialog } from "../../core/dialogs.ts";
import { createCheckpoint, renameCheckpoint } from "../../core/history/versions.ts";
import { showToast } from "../../core/toasts.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { checkpointDialogStore } from "./history-actions.ts";

/** Names a checkpoint that is made, or one that is there. */
export function CheckpointDialog() {
  const open = useStore(dialogStore, (state) => state.open === "checkpoint");
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => openDialog(next ? "checkpoint" : null)}
      title={checkpointDialogStore.getState().rename ? "Name the checkpoint" : "New checkpoint"}
      description="It keeps the notebook with its outputs as it is, until somebody deletes it."
    >
      {open ? <Form /> : null}
    </Dialog>
  );
}

function Form() {
  const { path, rename } = useStore(checkpointDialogStore);
  const [name, setName] = useState(rename?.name ?? "");
  const [message, setMessage] = useState(rename?.message ?? "");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const ids = { name: useId(), message: useId(), problem: useId() };
  useEffect(() => document.getElementById(ids.name)?.focus(), [ids.name]);
  const submit = async () => {
    if (name.trim() === "") {
      setProblem("Give it a name, so that you find it again.");
      return;
    }
    setBusy(true);
    try {
      if (rename) await renameCheckpoint(path, rename.id, { name, message });
      else await createCheckpoint(path, { name, message });
      openDialog(null);
      showToast({ tone: "ok", text: rename ? "The checkpoint is named." : `Checkpoint “${name.trim()}” is kept.` });
    } catch (error) {
      setProblem(errorMessage(error));
      setBusy(false);
    }
  };
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div className="flex flex-col gap-1">
        <label htmlFor={ids.name} className="text-fg-2">
          Name
        </label>
        <TextField
          id={ids.name}
          value={name}
          maxLength={200}
          placeholder="before the failover"
          aria-invalid={problem !== null}
          aria-describedby={problem ? ids.problem : undefined}
          onChange={({ target }) => setName(target.value)}
        />
      </div>
      <div className="flex flex-col gap-1">
        <label htmlFor={ids.message} className="text-fg-2">
          Note <span className="text-fg-3">(optional)</span>
        </label>
        <TextField
          id={ids.message}
          value={message}
          maxLength={10_000}
          onChange={({ target }) => setMessage(target.value)}
        />
      </div>
      {problem ? (
        <p id={ids.problem} role="alert" className="text-fail">
          {problem}
        </p>
      ) : null}
      <div className="flex justify-end gap-2 pt-1">
        <Button variant="outline" onClick={() => openDialog(null)}>
          Cancel
        </Button>
        <Button variant="primary" type="submit" disabled={busy}>
          {rename ? "Name it" : "Make the checkpoint"}
        </Button>
      </div>
    </form>
  );
}
