import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isPlainStroke, type KeyInput, keyCaps, normalizeKeys, strokeOf } from "./keys.ts";

const press = (key: string, code: string, ...modifiers: ("ctrl" | "meta" | "alt" | "shift")[]): KeyInput => ({
  key,
  code,
  ctrlKey: modifiers.includes("ctrl"),
  metaKey: modifiers.includes("meta"),
  altKey: modifiers.includes("alt"),
  shiftKey: modifiers.includes("shift"),
});

describe("strokeOf", () => {
  const cases: readonly [string, KeyInput, string | null][] = [
    ["a letter", press("k", "KeyK"), "K"],
    ["a letter with Shift", press("K", "KeyK", "shift"), "Shift+K"],
    ["a letter while Caps Lock is on", press("K", "KeyK"), "K"],
    ["Ctrl with a letter", press("k", "KeyK", "ctrl"), "Mod+K"],
    ["Ctrl with a Cyrillic letter means the place of K", press("л", "KeyK", "ctrl"), "Mod+K"],
    ["a Cyrillic letter alone is itself", press("л", "KeyK"), "л"],
    ["what Shift types is the character", press("?", "Slash", "shift"), "?"],
    ["Ctrl with the key left of 1", press("`", "Backquote", "ctrl"), "Mod+`"],
    ["the same with Shift, whatever it types", press("~", "Backquote", "ctrl", "shift"), "Mod+Shift+`"],
    ["a dead key there, on a German keyboard", press("Dead", "Backquote", "ctrl"), "Mod+`"],
    ["a dead key elsewhere", press("Dead", "Equal"), null],
    ["arrows", press("ArrowUp", "ArrowUp", "alt"), "Alt+Up"],
    ["space", press(" ", "Space", "shift"), "Shift+Space"],
    ["a modifier alone", press("Control", "ControlLeft", "ctrl"), null],
  ];
  for (const [title, event, stroke] of cases) {
    it(title, () => assert.equal(strokeOf(event), stroke));
  }

  it("on a Mac the command key is Mod and Control is itself", () => {
    assert.equal(strokeOf(press("k", "KeyK", "meta"), true), "Mod+K");
    assert.equal(strokeOf(press("k", "KeyK", "ctrl"), true), "Ctrl+K");
  });
});

describe("written keys", () => {
  it("come into the form of strokes", () => {
    assert.deepEqual(normalizeKeys("Shift+Ctrl+k"), ["Mod+Shift+K"]);
    assert.deepEqual(normalizeKeys("d D"), ["D", "D"]);
    assert.deepEqual(normalizeKeys("Mod++"), ["Mod++"]);
  });

  it("are shown as key caps", () => {
    assert.deepEqual(keyCaps("Mod+Shift+P"), ["Ctrl", "Shift", "P"]);
    assert.deepEqual(keyCaps("Mod+K", true), ["⌘", "K"]);
    assert.deepEqual(keyCaps("D D"), ["D", "D"]);
    assert.deepEqual(keyCaps("Mod++"), ["Ctrl", "+"]);
  });

  it("are plain when a text field would take them", () => {
    assert.deepEqual(["D", "Shift+Enter", "Escape", "?"].map(isPlainStroke), [true, true, true, true]);
    assert.deepEqual(["Mod+K", "Alt+W", "F2", "Shift+F6"].map(isPlainStroke), [false, false, false, false]);
  });
});
