// All keys on one sheet: made from the registry, to be searched and printed.

import { $, el, fill, rememberFocus } from "../lib/dom.js";
import { gettext } from "../lib/i18n.js";
import { keyText } from "./chords.js";
import { rank } from "./matching.js";

export class Help {
  /** `onClose()` puts the focus somewhere where what had it is gone. */
  constructor({ registry, onClose }) {
    this.registry = registry;
    this.dialog = $("#help");
    this.host = $("[data-help]", this.dialog);
    this.search = $("[data-help-search]", this.dialog);
    this.search.addEventListener("input", () => this.render());
    $("[data-close]", this.dialog).addEventListener("click", () => this.dialog.close());
    $("[data-print]", this.dialog).addEventListener("click", () => window.print());
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    this.dialog.addEventListener("close", () => this.giveFocusBack(onClose));
  }

  open() {
    this.search.value = "";
    this.render();
    this.giveFocusBack = rememberFocus();
    this.dialog.showModal();
  }

  render() {
    const query = this.search.value.trim();
    const found = this.registry.actions.filter((action) => action.keys.length > 0 && goesWith(query, action));
    const groups = new Map();
    for (const action of found) groups.set(action.group, [...(groups.get(action.group) ?? []), action]);
    const parts = [...groups].map(([name, members]) => this.group(name, members));
    fill(this.host, parts.length > 0 ? parts : el("p", { class: "quiet", text: gettext("No key does that. All commands are under Ctrl K.") }));
  }

  group(name, members) {
    return el(
      "section",
      { class: "help__group" },
      el("h3", { text: name }),
      el("dl", {}, members.map((action) => this.row(action))),
    );
  }

  row(action) {
    const isChanged = this.registry.isChanged(action.id);
    return el(
      "div",
      { class: "help__row" },
      el("dt", {}, action.label, isChanged && el("span", { class: "help__changed", text: gettext("changed") })),
      el("dd", {}, keysOf(action)),
    );
  }
}

/** The keys of an action, with "or" between them. */
export const keysOf = (action) =>
  action.keys.map((chord, index) => [index > 0 && el("span", { text: gettext("or") }), el("kbd", { text: keyText(chord) })]);

/** By name, or by the key itself: "ctrl z". */
export function goesWith(query, action) {
  if (query === "" || rank(query, action.label, action.group) !== null) return true;
  const pressed = query.toLocaleLowerCase().replace(/\s*\+\s*/gu, " ");
  return action.keys.some((chord) => keyText(chord).toLocaleLowerCase().includes(pressed));
}
