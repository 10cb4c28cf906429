import { kernelStatusOf } from "@opsbook/notebook/session";
import { ChevronDown, RotateCw } from "lucide-react";
import { useEffect, useState } from "react";
import { errorMessage } from "../../core/api.ts";
import { type Kernelspec, listKernelspecs } from "../../core/server.ts";
import { StateDot } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Menu, type MenuItem } from "../../ui/menu.tsx";
import { useNotebook, useScope } from "../notebook/notebook-context.ts";
import { kernelDot, kernelWords } from "../status/status-words.ts";

/** Which kernel runs the cells and how it is; opens the choice of others. */
export function KernelBadge() {
  const { session } = useScope();
  const runtime = useNotebook((state) => state.runtime);
  const running = useNotebook((state) => state.counts.running);
  const [specs, setSpecs] = useState<readonly Kernelspec[] | string | null>(null);
  if (!runtime) return null;
  const status = kernelStatusOf(runtime, running);
  const word = kernelWords(status);
  const dot = kernelDot(status);
  const choose = session.allowed("select-kernel");
  const items: MenuItem[] = [
    { kind: "label", id: "head", label: "Kernel of this notebook" },
    ...kernelItems(specs, {
      current: runtime.kernelName,
      disabled: !choose,
      select: (kernelName) => session.submit({ type: "select-kernel", kernelName }),
    }),
  ];
  return (
    <Menu label="Kernel" align="end" items={items}>
      <button
        type="button"
        className="nb-kernel"
        aria-label={`Kernel ${runtime.displayName}, ${word}`}
        onPointerDown={() => void loadSpecs().then(setSpecs)}
        onKeyDown={() => void loadSpecs().then(setSpecs)}
      >
        <StateDot state={dot} />
        {runtime.displayName || runtime.kernelName}
        <span className="nb-dim">{word}</span>
        <ChevronDown size={12} aria-hidden />
      </button>
    </Menu>
  );
}

function kernelItems(
  specs: readonly Kernelspec[] | string | null,
  options: { current: string; disabled: boolean; select: (name: string) => void },
): MenuItem[] {
  if (specs === null) return [{ kind: "label", id: "loading", label: "Looking for kernels…" }];
  if (typeof specs === "string") return [{ kind: "label", id: "failed", label: specs }];
  return specs.map(({ name, displayName }) => ({
    id: name,
    label: displayName,
    checked: name === options.current,
    disabled: options.disabled,
    onSelect: () => options.select(name),
  }));
}

async function loadSpecs(): Promise<readonly Kernelspec[] | string> {
  try {
    return (await listKernelspecs()).specs;
  } catch (error) {
    return errorMessage(error);
  }
}

/** Across the notebook while its kernel cannot run anything: why, and what to do about it. */
export function KernelProblem() {
  const { session, actions } = useScope();
  const runtime = useNotebook((state) => state.runtime);
  const [specs, setSpecs] = useState<readonly Kernelspec[] | string | null>(null);
  const unknown = runtime?.status === "unknown-kernel";
  useEffect(() => {
    if (unknown) void loadSpecs().then(setSpecs);
  }, [unknown]);
  if (runtime?.status === "not-answering")
    return (
      <div className="nb-problem" role="alert">
        <div>
          <b>The kernel does not answer:</b> {runtime.detail ?? "no cause is known"}.
          <p className="nb-dim">
            It is not dead and may go on by itself, with all that the cells computed. A busy kernel still answers.
          </p>
        </div>
        <Button variant="primary" disabled={!session.allowed("restart-kernel")} onClick={() => actions.restart()}>
          <RotateCw size={12} aria-hidden />
          Restart
        </Button>
      </div>
    );
  const [cause = "Its cause is not known.", ...words] = runtime?.detail?.split("\n") ?? [];
  if (runtime?.status === "dead")
    return (
      <div className="nb-problem" role="alert">
        <div>
          <b>The kernel is dead:</b> {cause.replace("The kernel died: ", "")}
          {words.length > 0 && <pre className="nb-last-words">{words.join("\n")}</pre>}
          <p className="nb-dim">What the cells computed is gone; their texts and outputs are not.</p>
        </div>
        <Button variant="primary" disabled={!session.allowed("restart-kernel")} onClick={() => actions.restart()}>
          <RotateCw size={12} aria-hidden />
          Restart
        </Button>
      </div>
    );
  if (!unknown || !runtime) return null;
  return (
    <div className="nb-problem" role="alert">
      <div>
        <b>There is no kernel “{runtime.kernelName}” here.</b>
        <p className="nb-dim">Choose one of those there are; the notebook then names that one.</p>
      </div>
      <div className="nb-problem-actions">
        {Array.isArray(specs)
          ? (specs as readonly Kernelspec[]).map(({ name, displayName }) => (
              <Button
                key={name}
                variant="outline"
                disabled={!session.allowed("select-kernel")}
                onClick={() => session.submit({ type: "select-kernel", kernelName: name })}
              >
                {displayName}
              </Button>
            ))
          : typeof specs === "string"
            ? specs
            : "Looking for kernels…"}
      </div>
    </div>
  );
}
