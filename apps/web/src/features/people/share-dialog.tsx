import { Check, Copy } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { useStore } from "zustand";
import { errorMessage } from "../../core/api.ts";
import { dialogStore, openDialog } from "../../core/dialogs.ts";
import { createLoginLink, type Role } from "../../core/server.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorState, LoadingState } from "../../ui/message.tsx";
import { TextField } from "../../ui/text-field.tsx";

type State = { kind: "loading" } | { kind: "failed"; message: string } | { kind: "ready"; url: string };

function Link({ url }: { url: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="flex items-center gap-2">
      <TextField
        aria-label="Login link"
        readOnly
        value={url}
        className="font-mono text-xs"
        onFocus={(event) => event.target.select()}
      />
      <Button
        variant="primary"
        className="h-7"
        onClick={() =>
          void navigator.clipboard?.writeText(url).then(
            () => setCopied(true),
            () => setCopied(false),
          )
        }
      >
        {copied ? <Check size={13} aria-hidden /> : <Copy size={13} aria-hidden />}
        {copied ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}

const ROLES: readonly { value: Role; label: string }[] = [
  { value: "viewer", label: "See everything, change nothing" },
  { value: "runner", label: "Run cells as they stand, watch terminals" },
  { value: "editor", label: "Edit, run, use terminals and files" },
  { value: "admin", label: "Everything, also inviting others" },
];

function FreshLink({ role }: { role: Role }) {
  const [state, setState] = useState<State>({ kind: "loading" });
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` asks for another link
  useEffect(() => {
    let gone = false;
    setState({ kind: "loading" });
    createLoginLink(role).then(
      (url) => !gone && setState({ kind: "ready", url }),
      (error: unknown) => !gone && setState({ kind: "failed", message: errorMessage(error) }),
    );
    return () => {
      gone = true;
    };
  }, [role, round]);
  if (state.kind === "loading") return <LoadingState label="Making a link" />;
  if (state.kind === "ready") return <Link url={state.url} />;
  return (
    <ErrorState title="No link could be made" message={state.message} onRetry={() => setRound((value) => value + 1)} />
  );
}

/** A one-time login link for a colleague; each opening of the dialog makes a new one. */
export function ShareDialog() {
  const open = useStore(dialogStore, (state) => state.open === "share");
  const [role, setRole] = useState<Role>("editor");
  const id = useId();
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => openDialog(next ? "share" : null)}
      title="Invite somebody"
      description="The link logs one person in, once, within 15 minutes. Send it only to whom you mean."
      width={560}
    >
      <div className="flex items-center gap-3 pb-3">
        <label htmlFor={id} className="flex-none text-fg">
          May
        </label>
        <select
          id={id}
          value={role}
          className="h-7 min-w-0 flex-1 rounded-sm border border-line bg-canvas px-2 text-fg"
          onChange={({ target }) => {
            const choice = ROLES.find(({ value }) => value === target.value);
            if (choice) setRole(choice.value);
          }}
        >
          {ROLES.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </div>
      <FreshLink key={role} role={role} />
    </Dialog>
  );
}
