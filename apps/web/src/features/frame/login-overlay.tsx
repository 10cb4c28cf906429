import { LogIn } from "lucide-react";
import { AlertDialog as Alert } from "radix-ui";
import { useStore } from "zustand";
import { loginStore } from "../../core/api.ts";
import { Button } from "../../ui/button.tsx";

/** Covers the app when the server no longer knows this browser. Runs go on; nothing typed here is thrown away. */
export function LoginOverlay() {
  const needed = useStore(loginStore, (state) => state.needed);
  return (
    <Alert.Root open={needed}>
      <Alert.Portal>
        <Alert.Overlay className="fixed inset-0 z-[70] bg-[var(--backdrop)]" />
        <Alert.Content className="fixed top-[26vh] left-1/2 z-[71] w-[min(440px,calc(100vw-32px))] -translate-x-1/2 rounded-lg border border-line bg-side p-6 shadow-pop outline-none">
          <LogIn size={22} aria-hidden className="text-accent" />
          <Alert.Title className="pt-3 font-medium text-fg text-lg">Your login has ended</Alert.Title>
          <Alert.Description className="pt-1.5 pb-4 text-fg-2 text-md">
            What runs on the server goes on. Open a fresh login URL in another tab of this browser: the server prints
            one when it starts, and <code className="font-mono text-fg">opsbook list</code> prints a new one at any
            time. Then come back here.
          </Alert.Description>
          <Alert.Action asChild>
            <Button variant="primary" className="h-8 px-3" onClick={() => window.location.reload()}>
              I have logged in again
            </Button>
          </Alert.Action>
        </Alert.Content>
      </Alert.Portal>
    </Alert.Root>
  );
}
