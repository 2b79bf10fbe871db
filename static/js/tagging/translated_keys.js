// Keys that the tag box and the chips hear themselves (Enter, Backspace, Alt+↑): they know nothing of other keys. What a
// person chose instead reaches them as the key they know; what was taken from them does not reach them.

import { canonical, chordOf } from "./chords.js";
import { listens } from "./registry.js";

const ours = new WeakSet();

export function translateKeys(registry) {
  window.addEventListener("keydown", (event) => translate(registry, event), { capture: true });
}

function translate(registry, event) {
  if (ours.has(event) || event.isComposing || event.keyCode === 229 || !(event.target instanceof Element)) return;
  const chord = chordOf(event);
  if (chord === null || document.querySelector("dialog[open]")) return;
  const pressed = canonical(chord);
  const isAmong = (keys) => keys.some((key) => canonical(key) === pressed);
  const heard = registry.actions.filter((action) => action.heardAs && !action.isFixed && listens(action, event));
  const wanted = heard.find((action) => isAmong(action.keys));
  const known = heard.find((action) => isAmong(action.defaults));
  if (wanted === known) return;
  event.stopImmediatePropagation();
  if (!wanted) {
    keepFromDoingHarm(event);
    return;
  }
  event.preventDefault();
  const copy = new KeyboardEvent("keydown", { ...wanted.heardAs, repeat: event.repeat, bubbles: true, cancelable: true });
  ours.add(copy);
  event.target.dispatchEvent(copy);
}

// Backspace and the arrows still edit text; Tab still goes on.
function keepFromDoingHarm(event) {
  if (event.key === "Enter" || event.altKey) event.preventDefault();
}
