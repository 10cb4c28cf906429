import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { errorMessage } from "../../core/api.ts";
import { dialogStore, openDialog } from "../../core/dialogs.ts";
import { createLoginLink } from "../../core/server.ts";
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

function FreshLink() {
  const [state, setState] = useState<State>({ kind: "loading" });
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` asks for another link
  useEffect(() => {
    let gone = false;
    setState({ kind: "loading" });
    createLoginLink().then(
      (url) => !gone && setState({ kind: "ready", url }),
      (error: unknown) => !gone && setState({ kind: "failed", message: errorMessage(error) }),
    );
    return () => {
      gone = true;
    };
  }, [round]);
  if (state.kind === "loading") return <LoadingState label="Making a link" />;
  if (state.kind === "ready") return <Link url={state.url} />;
  return (
    <ErrorState title="No link could be made" message={state.message} onRetry={() => setRound((value) => value + 1)} />
  );
}

/** A one-time login link for a colleague; each opening of the dialog makes a new one. */
export function ShareDialog() {
  const open = useStore(dialogStore, (state) => state.open === "share");
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => openDialog(next ? "share" : null)}
      title="Invite somebody"
      description="This link logs one person in, once, within 15 minutes. Whoever opens it works on this server as you can: send it only to whom you mean."
      width={560}
    >
      <FreshLink />
    </Dialog>
  );
}
