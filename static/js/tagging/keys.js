// From the list of actions to keys, buttons and the help page: one list, so that the three never disagree.

import { tinykeys } from "../../vendor/tinykeys/tinykeys.mjs";
import { $$, el, fill, isTyping } from "../lib/dom.js";
import { gettext } from "../lib/i18n.js";

const IS_MAC = /Mac|iPhone|iPad/u.test(navigator.platform);
const NAMES = {
  $mod: IS_MAC ? "⌘" : "Ctrl",
  Control: "Ctrl",
  Alt: IS_MAC ? "⌥" : "Alt",
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
  ",": ",",
};

/** A chord as people read it: "Alt →" for "Alt+ArrowRight". */
export function keyText(chord) {
  const parts = chord.split("+").filter((part) => !part.startsWith("["));
  return parts.map((part) => NAMES[part] ?? letter(part)).join(" ");
}

// As it stands on the key; words such as Tab stay words.
const letter = (part) => (/^(Key)?\w$/u.test(part) ? part.at(-1).toLocaleUpperCase() : part);

// The spelling that assistive technology expects.
const ariaText = (chord) => chord.replace("$mod", IS_MAC ? "Meta" : "Control").replace("Key", "").replace("[Shift]+", "");

/** Bind every action's keys. `when` of an action: "always", "reading" (not in a text field), or a function. */
export function bindKeys(actions) {
  const bindings = {};
  for (const action of actions) {
    if (!action.run) continue;
    for (const chord of action.keys) bindings[chord] = (event) => fire(action, event);
  }
  return tinykeys(window, bindings, {
    ignore: (event) => event.isComposing || event.defaultPrevented || document.querySelector("dialog[open]") !== null,
  });
}

function fire(action, event) {
  if (event.repeat && !action.repeats) return;
  const may = typeof action.when === "function" ? action.when(event) : action.when !== "reading" || !isTyping(event);
  if (!may) return;
  event.preventDefault();
  action.run(event);
}

/** Make every `[data-action]` button do its action and show its key. */
export function bindButtons(actions) {
  for (const button of $$("[data-action]")) {
    const action = actions.find((other) => other.id === button.dataset.action);
    if (!action) continue;
    const [chord] = action.keys;
    button.hidden = button.hasAttribute("data-finish-untagged");
    button.title = `${action.label} (${keyText(chord)})`;
    button.setAttribute("aria-keyshortcuts", action.keys.map(ariaText).join(" "));
    if (button.hasAttribute("data-plain")) button.setAttribute("aria-label", action.label);
    else button.append(el("kbd", { text: keyText(chord), "aria-hidden": "true" }));
    button.addEventListener("click", (event) => {
      // A middle click opens the link in a tab of its own, as links do.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (button.getAttribute("aria-disabled") !== "true") action.run(event);
    });
  }
}

/** Write an action's key where a `[data-key-hint]` asks for it. */
export function writeHints(actions) {
  for (const place of $$("[data-key-hint]")) {
    const action = actions.find((other) => other.id === place.dataset.keyHint);
    fill(place, el("kbd", { text: keyText(action.keys[0]) }), place.dataset.word && ` ${place.dataset.word}`);
  }
}

/** All actions with their keys, group by group. */
export function fillHelp(host, actions) {
  const groups = Map.groupBy ? Map.groupBy(actions, (action) => action.group) : grouped(actions);
  const parts = [...groups].map(([name, members]) =>
    el(
      "section",
      { class: "help__group" },
      el("h3", { text: name }),
      el("dl", {}, members.map((action) => helpRow(action))),
    ),
  );
  fill(host, parts);
}

function grouped(actions) {
  const groups = new Map();
  for (const action of actions) groups.set(action.group, [...(groups.get(action.group) ?? []), action]);
  return groups;
}

const helpRow = (action) =>
  el(
    "div",
    { class: "help__row" },
    el("dt", { text: action.label }),
    el("dd", {}, action.keys.map((chord, index) => [index > 0 && el("span", { text: gettext("or") }), el("kbd", { text: keyText(chord) })])),
  );
