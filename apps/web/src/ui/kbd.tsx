import { IS_MAC } from "../core/commands.ts";
import { keyCaps } from "../core/keys.ts";

/** The key caps of a shortcut written as in a command's `keys`. */
export function Kbd({ keys }: { keys: string }) {
  return (
    <span className="inline-flex flex-none gap-0.5">
      {keyCaps(keys, IS_MAC).map((cap, index) => (
        <kbd
          // biome-ignore lint/suspicious/noArrayIndexKey: the caps of one shortcut never move
          key={index}
          className="rounded-sm border border-line px-1 font-sans font-medium text-2xs text-fg-3 leading-[15px]"
        >
          {cap}
        </kbd>
      ))}
    </span>
  );
}
