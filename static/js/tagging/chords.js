// Keys as text: "$mod+KeyJ" as tinykeys spells it, "Ctrl J" as people read it. Letters and digits go by their place on
// the keyboard, so that they work in every script; signs go by what they write.

import { gettext } from "../lib/i18n.js";

export const IS_MAC = /Mac|iPhone|iPad/u.test(navigator.platform);
const LETTERS = "key-letters";

const NAMES = {
  $mod: IS_MAC ? "⌘" : "Ctrl",
  Control: IS_MAC ? "⌃" : "Ctrl",
  Meta: IS_MAC ? "⌘" : "Win",
  Alt: IS_MAC ? "⌥" : "Alt",
  Shift: IS_MAC ? "⇧" : "Shift",
  ArrowRight: "→",
  ArrowLeft: "←",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Enter: "↵",
  Escape: "Esc",
  PageDown: "Page ↓",
  PageUp: "Page ↑",
  Backspace: "⌫",
  Delete: "Del",
  Space: gettext("Space"),
};

// What the keys write on this keyboard: told by the browser where it knows, else learned as keys are pressed.
const letters = new Map(readLetters());

function readLetters() {
  try {
    return Object.entries(JSON.parse(localStorage.getItem(LETTERS) ?? "{}"));
  } catch {
    return [];
  }
}

export async function readLayout() {
  const layout = await navigator.keyboard?.getLayoutMap?.().catch(() => null);
  for (const [code, letter] of layout ?? []) letters.set(code, letter);
}

/** Note what a key writes, for layouts the browser does not tell. */
export function learn(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.isComposing) return;
  if (!/^(Key[A-Z]|Digit\d)$/u.test(event.code) || [...event.key].length !== 1) return;
  if (letters.get(event.code) === event.key) return;
  letters.set(event.code, event.key);
  try {
    localStorage.setItem(LETTERS, JSON.stringify(Object.fromEntries(letters)));
  } catch {
    // Storage is off: it is learned anew the next time.
  }
}

const partsOf = (chord) => chord.split(/(?<=\w|\])\+/u);

function letterOf(part) {
  const [, letter] = /^Key([A-Z])$/u.exec(part) ?? /^Digit(\d)$/u.exec(part) ?? [];
  if (letter !== undefined) return (/\d/u.test(letter) ? letter : (letters.get(part) ?? letter)).toLocaleUpperCase();
  return [...part].length === 1 ? part.toLocaleUpperCase() : part;
}

/** A chord as people read it: "Alt →" for "Alt+ArrowRight". */
export const keyText = (chord) =>
  partsOf(chord)
    .filter((part) => !part.startsWith("["))
    .map((part) => NAMES[part] ?? letterOf(part))
    .join(" ");

/** The spelling that assistive technology expects. */
export const ariaText = (chord) =>
  partsOf(chord)
    .filter((part) => !part.startsWith("["))
    .map((part) => (part === "$mod" ? (IS_MAC ? "Meta" : "Control") : part === "+" ? "Plus" : letterOf(part)))
    .join("+");

/** One spelling for a chord, so that two are the same where one press means both. */
export function canonical(chord) {
  const parts = partsOf(chord);
  const key = parts.pop();
  const modifiers = parts.filter((part) => !part.startsWith("[")).map((part) => (part === "$mod" ? (IS_MAC ? "Meta" : "Control") : part));
  const plain = /^(?:Key|Digit)(\w)$/u.exec(key)?.[1] ?? key;
  return [...modifiers.sort(), plain.toLowerCase()].join("+");
}

/** A sign, letter or digit without Ctrl or Alt: what dictation and a hand on the keyboard set off by accident. */
export function isSingle(chord) {
  const parts = partsOf(chord);
  const key = parts.pop();
  if (parts.some((part) => part !== "Shift" && part !== "[Shift]")) return false;
  return [...key].length === 1 || /^(?:Key[A-Z]|Digit\d|Space)$/u.test(key);
}

const MODIFIERS = new Set(["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock", "NumLock", "Dead", "Process", "Unidentified"]);

/** The chord of a key press; `null` while only Ctrl, Alt and the like are held. */
export function chordOf(event) {
  if (MODIFIERS.has(event.key) && !/^(?:Key[A-Z]|Digit\d)$/u.test(event.code)) return null;
  const isSign = [...event.key].length === 1 && event.key !== " " && !/^(?:Key[A-Z]|Digit\d)$/u.test(event.code);
  const main = IS_MAC ? event.metaKey : event.ctrlKey;
  const other = IS_MAC ? event.ctrlKey && "Control" : event.metaKey && "Meta";
  const modifiers = [main && "$mod", other, event.altKey && "Alt", event.shiftKey && (isSign ? "[Shift]" : "Shift")];
  const key = event.key === " " ? "Space" : isSign ? event.key : /^(?:Key[A-Z]|Digit\d)$/u.test(event.code) ? event.code : event.key;
  return [...modifiers.filter(Boolean), key].join("+");
}

const TAKEN = new Set(["$mod+KeyW", "$mod+KeyT", "$mod+KeyN", "$mod+Shift+KeyW", "$mod+Shift+KeyT", "$mod+Shift+KeyN", "$mod+Tab", "$mod+Shift+Tab", "$mod+PageUp", "$mod+PageDown", "Alt+F4", "F11", "F12", "$mod+KeyQ"]);
const EDITING = new Set(["$mod+KeyC", "$mod+KeyV", "$mod+KeyX", "$mod+KeyA"]);

/** Why a chord cannot be a key of this program; empty where it can. */
export function whyNot(chord) {
  if (TAKEN.has(chord)) return gettext("The browser keeps this key for itself: no page can use it.");
  if (EDITING.has(chord)) return gettext("This key copies and pastes text; it stays as it is.");
  if (chord === "Tab" || chord === "Shift+Tab") return gettext("This key goes from one control to the next; it stays as it is.");
  return "";
}
