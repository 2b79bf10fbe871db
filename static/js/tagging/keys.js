// From the registry of actions to keys and buttons: one list, so that they never disagree.

import { tinykeys } from "../../vendor/tinykeys/tinykeys.mjs";
import { $$, el, fill, isTyping } from "../lib/dom.js";
import { IS_MAC, ariaText, canonical, keyText, learn } from "./chords.js";
import { listens } from "./registry.js";
import { translateKeys } from "./translated_keys.js";

export { keyText };

/** Bind every action's keys, now and whenever they change. */
export function bindKeys(registry) {
  let unbind = () => {};
  const bind = () => {
    unbind();
    unbind = tinykeys(window, bindingsOf(registry.actions), { ignore: isNotOurs });
  };
  registry.addEventListener("change", bind);
  bind();
  window.addEventListener("keydown", holdBack, { capture: true });
  translateKeys(registry);
  window.addEventListener("keydown", learn);
}

function bindingsOf(actions) {
  const byChord = new Map();
  // What listens in a mode goes first: it is there for as long as the mode is.
  const inOrder = [...actions].sort((one, other) => Number(isModal(other)) - Number(isModal(one)));
  for (const action of inOrder) {
    // Those with `heardAs` reach who hears them by themselves.
    if (!action.run || action.heardAs) continue;
    for (const chord of action.keys) {
      const same = byChord.get(canonical(chord)) ?? { chord, members: [] };
      same.members.push(action);
      byChord.set(canonical(chord), same);
    }
  }
  return Object.fromEntries([...byChord.values()].map(({ chord, members }) => [chord, (event) => fire(members, event)]));
}

const isModal = (action) => Boolean(action.only || action.mode);

// AltGr writes letters in many layouts, and tells itself as Alt.
const isNotOurs = (event) =>
  event.isComposing ||
  event.keyCode === 229 ||
  event.defaultPrevented ||
  event.getModifierState?.("AltGraph") ||
  writesByOption(event) ||
  document.querySelector("dialog[open]") !== null;

// On a Mac, Option writes letters too, and tells itself as nothing but Alt.
const writesByOption = (event) =>
  IS_MAC && event.altKey && !event.metaKey && !event.ctrlKey && [...event.key].length === 1 && isTyping(event);

// The key that did something and is held since: neither the browser nor what has the focus by now gets its repeats.
let held = null;

function holdBack(event) {
  if (!event.repeat) held = null;
  else if (event.code === held) event.preventDefault();
}

function fire(actions, event) {
  const action = actions.find((candidate) => listens(candidate, event));
  if (!action) return;
  event.preventDefault();
  if (event.repeat && !action.repeats) return;
  held = action.repeats ? null : event.code;
  action.run(event);
}

/** Whether an action can do anything now; one with a button is asked there, too. */
export function isPossible(action) {
  if (action.can && !action.can()) return false;
  const button = document.querySelector(`[data-action="${CSS.escape(action.id)}"]`);
  return button?.getAttribute("aria-disabled") !== "true" && !button?.disabled;
}

/** Make every `[data-action]` button do its action and show its key. */
export function bindButtons(registry) {
  for (const button of $$("[data-action]")) {
    if (!registry.get(button.dataset.action)) continue;
    button.hidden = button.hasAttribute("data-finish-untagged");
    button.addEventListener("click", (event) => {
      // A middle click opens the link in a tab of its own, as links do.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (button.getAttribute("aria-disabled") !== "true") registry.get(button.dataset.action).run(event);
    });
  }
  const write = () => $$("[data-action]").forEach((button) => writeKey(button, registry.get(button.dataset.action)));
  registry.addEventListener("change", write);
  write();
}

function writeKey(button, action) {
  if (!action) return;
  const [chord] = action.keys;
  button.title = chord ? `${action.label} (${keyText(chord)})` : action.label;
  if (chord) button.setAttribute("aria-keyshortcuts", action.keys.map(ariaText).join(" "));
  else button.removeAttribute("aria-keyshortcuts");
  button.querySelector("kbd[data-key]")?.remove();
  if (button.hasAttribute("data-no-key")) return;
  if (button.hasAttribute("data-plain")) button.setAttribute("aria-label", action.label);
  else if (chord) button.append(el("kbd", { text: keyText(chord), "aria-hidden": "true", data: { key: "" } }));
}

/** Write an action's key where a `[data-key-hint]` asks for it, and into the title of a `[data-key-title]`. */
export function writeHints(registry) {
  const write = () => {
    for (const place of $$("[data-key-hint]")) {
      const chord = registry.get(place.dataset.keyHint)?.keys[0];
      fill(place, chord && [el("kbd", { text: keyText(chord) }), place.dataset.word && ` ${place.dataset.word}`]);
    }
    for (const place of $$("[data-key-title]")) {
      const { label, keys } = registry.get(place.dataset.keyTitle);
      place.title = keys.length > 0 ? `${label} (${keyText(keys[0])})` : label;
    }
  };
  registry.addEventListener("change", write);
  write();
}
