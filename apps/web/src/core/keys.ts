/**
 * Keyboard strokes as text: `Ctrl+Shift+K`, `Mod+S` (Ctrl, on a Mac Cmd), `Escape`, `?`, or a sequence such as `D D`.
 * Letters are written in capitals and mean the key, Shift is always spelled out for them; other printable keys
 * are written as the character they type (`?`, not `Shift+/`), since that is what differs between keyboard layouts.
 */
export interface KeyInput {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

const MODIFIER_KEYS = new Set(["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock"]);
const NAMED: Record<string, string> = {
  " ": "Space",
  ArrowUp: "Up",
  ArrowDown: "Down",
  ArrowLeft: "Left",
  ArrowRight: "Right",
};

/** Keys whose Shift twin differs between layouts; with Ctrl they mean the place on the keyboard. */
const PLACES: Record<string, string> = { Backquote: "`", Backslash: "\\" };

/** The stroke of a key event, or null while only modifiers are down. */
export function strokeOf(event: KeyInput, mac = false): string | null {
  if (MODIFIER_KEYS.has(event.key) || event.key === "Process") return null;
  const withControl = event.ctrlKey || event.metaKey;
  const place = withControl ? PLACES[event.code] : undefined;
  if (event.key === "Dead" && !place) return null;
  const latinLetter = /^[a-z]$/i.test(event.key);
  // On a layout without Latin letters Ctrl+K still means the key where K is.
  const fromCode = place ?? (withControl ? /^Key([A-Z])$/.exec(event.code)?.[1] : undefined);
  const key = latinLetter ? event.key.toUpperCase() : (fromCode ?? NAMED[event.key] ?? event.key);
  const typed = !place && key.length === 1 && !/[A-Z0-9]/.test(key);
  const parts: string[] = [];
  if (mac ? event.metaKey : event.ctrlKey) parts.push("Mod");
  if (mac ? event.ctrlKey : event.metaKey) parts.push(mac ? "Ctrl" : "Meta");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && !typed) parts.push("Shift");
  return [...parts, key].join("+");
}

/** Brings a written stroke into the form that `strokeOf` gives. */
function normalizeStroke(written: string, mac = false): string {
  const parts = written.split("+");
  // "Mod++" is the plus key.
  const key = parts.at(-1) === "" ? "+" : (parts.at(-1) ?? "");
  const modifiers = new Set(parts.slice(0, -1).filter((part) => part !== ""));
  if (!mac && modifiers.delete("Ctrl")) modifiers.add("Mod");
  const order = ["Mod", mac ? "Ctrl" : "Meta", "Alt", "Shift"];
  return [...order.filter((name) => modifiers.has(name)), /^[a-z]$/.test(key) ? key.toUpperCase() : key].join("+");
}

export function normalizeKeys(written: string, mac = false): string[] {
  return written
    .split(" ")
    .filter((part) => part !== "")
    .map((part) => normalizeStroke(part, mac));
}

const MAC_SYMBOLS: Record<string, string> = { Mod: "⌘", Ctrl: "⌃", Alt: "⌥", Shift: "⇧" };

/** The keys as a person reads them, one entry a key cap: `["Ctrl", "K"]`. Strokes of a sequence follow each other. */
export function keyCaps(written: string, mac = false): string[] {
  return normalizeKeys(written, mac).flatMap((stroke) => {
    const parts = stroke === "+" ? ["+"] : stroke.replace(/\+\+$/, "+Plus").split("+");
    return parts.map((part) => {
      if (mac && MAC_SYMBOLS[part]) return MAC_SYMBOLS[part];
      if (part === "Mod") return "Ctrl";
      return part === "Plus" ? "+" : part;
    });
  });
}

/** Whether the stroke types a character or moves inside a text field when nobody takes it. */
export function isPlainStroke(stroke: string): boolean {
  return !/(^|\+)(Mod|Ctrl|Meta|Alt)\+/.test(stroke) && !/^(Shift\+)?F\d+$/.test(stroke);
}
