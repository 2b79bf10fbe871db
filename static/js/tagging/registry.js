// All commands with the keys a person wants for them. An action is {id, group, label, keys, when, run}; see `actions.js`.

import { gettext, interpolate } from "../lib/i18n.js";
import { isTyping } from "../lib/dom.js";
import { canonical, isSingle, keyText } from "./chords.js";

const MOST_KEYS = 4;

// Where a key listens, as the places the focus may be in. Two actions may share a key where these have none in common.
const PLACES = {
  always: ["caption", "merged", "box", "emptyBox", "tag", "stage", "page"],
  reading: ["tag", "stage", "page"],
  free: ["emptyBox", "tag", "stage", "page"],
  box: ["box", "emptyBox"],
  filledBox: ["box"],
  emptyBox: ["emptyBox"],
  tag: ["tag"],
  stage: ["stage"],
  merged: ["merged"],
};

/** Where the focus is, in the words of `PLACES`. */
export function placeOf(event) {
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.id === "tag-input") return target.value === "" ? "emptyBox" : "box";
  if (target.matches("[data-merged]")) return "merged";
  if (isTyping(event)) return "caption";
  if (target.closest("[data-chips]")) return "tag";
  return target.closest("[data-stage]") ? "stage" : "page";
}

const placesOf = (action) => PLACES[typeof action.when === "string" ? action.when : "always"] ?? PLACES.always;

/** Whether a press is this action's, by where the focus is and what the action itself says. */
export function listens(action, event) {
  if (typeof action.when === "function") return action.when(event);
  return placesOf(action).includes(placeOf(event)) && (action.only?.() ?? true);
}

export class Registry extends EventTarget {
  /** `keyMap` is what the person changed: {keys: {id: [chord]}, single_keys}. What it says of unknown ids is kept. */
  constructor(actions, keyMap = {}) {
    super();
    this.all = actions;
    this.byId = new Map(actions.map((action) => [action.id, action]));
    this.take(keyMap);
  }

  take(keyMap) {
    this.changed = { ...keyMap.keys };
    this.singleKeys = keyMap.single_keys ?? true;
    this.actions = this.all.map((action) => ({ ...action, keys: this.keysOf(action), defaults: action.keys }));
    this.dispatchEvent(new Event("change"));
  }

  get keyMap() {
    return { keys: this.changed, single_keys: this.singleKeys };
  }

  get(id) {
    return this.actions.find((action) => action.id === id) ?? null;
  }

  keysOf(action) {
    const chosen = action.isFixed ? null : this.changed[action.id];
    const keys = (Array.isArray(chosen) ? chosen : action.keys).filter((chord) => typeof chord === "string");
    return this.singleKeys ? keys : keys.filter((chord) => action.isFixed || !isSingle(chord));
  }

  isChanged(id) {
    return id in this.changed && !this.byId.get(id)?.isFixed;
  }

  /** The map with one action changed; `null` for its own keys again. */
  with(id, keys) {
    const { [id]: _old, ...rest } = this.changed;
    return { keys: keys === null ? rest : { ...rest, [id]: keys }, single_keys: this.singleKeys };
  }

  /** Why this action cannot have this key: a sentence that names the other; empty where it can. */
  whyNot(id, chord) {
    const action = this.get(id);
    if (action.keys.length >= MOST_KEYS) return gettext("A command has at most four keys. Take one away first.");
    const other = this.actions.find((candidate) => candidate.id !== id && clash(action, [chord], candidate));
    if (!other) return "";
    const words = gettext("%(key)s already does “%(name)s”. Take it away there first.");
    return interpolate(words, { key: keyText(chord), name: other.label });
  }

  /** Pairs of actions that would answer to the same press. */
  clashes() {
    const pairs = [];
    this.actions.forEach((one, index) => {
      for (const other of this.actions.slice(index + 1)) {
        const chord = clash(one, one.keys, other);
        if (chord) pairs.push({ chord, ids: [one.id, other.id] });
      }
    });
    return pairs;
  }
}

/** The first key two actions would both answer to. One that listens in a mode (`only`) goes before one that does not. */
function clash(one, keys, other) {
  if (Boolean(one.only) !== Boolean(other.only) || (one.mode ?? "") !== (other.mode ?? "")) return null;
  const theirs = new Set(other.keys.map(canonical));
  const shared = keys.find((chord) => theirs.has(canonical(chord)));
  if (shared === undefined) return null;
  const places = placesOf(other);
  return placesOf(one).some((place) => places.includes(place)) ? shared : null;
}
