// Changing keys: press the one you want. What is chosen is kept on the server at once, and every open list shows it.

import { $, el, fill } from "../lib/dom.js";
import { putJson } from "../lib/http.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { chordOf, isSingle, keyText, whyNot } from "../tagging/chords.js";
import { goesWith } from "../tagging/help.js";

export class KeySettings {
  constructor({ registry, api }) {
    Object.assign(this, { registry, api });
    this.host = $("[data-key-list]");
    this.search = $("[data-key-search]");
    this.single = $("[data-single-keys]");
    this.trouble = $("[data-key-trouble]");
    this.news = $("[data-key-news]");
    this.resetAll = $("[data-reset-all]");
    this.asking = null;
    $("[data-choices]").hidden = false;
    this.resetAll.hidden = false;
    this.search.addEventListener("input", () => this.render());
    this.single.addEventListener("change", () => this.keep({ keys: registry.changed, single_keys: this.single.checked }));
    this.resetAll.addEventListener("click", () => this.keep({ keys: {}, single_keys: true }, gettext("All keys are as they came.")));
    this.host.addEventListener("click", (event) => this.clicked(event.target.closest("button")));
    window.addEventListener("keydown", (event) => this.pressed(event), { capture: true });
    registry.addEventListener("change", () => this.render());
    this.render();
  }

  render() {
    const query = this.search.value.trim();
    const groups = new Map();
    for (const action of this.registry.actions) {
      if (goesWith(query, action)) groups.set(action.group, [...(groups.get(action.group) ?? []), action]);
    }
    const focused = document.activeElement?.dataset?.focus;
    const parts = [...groups].map(([name, members]) => this.group(name, members));
    fill(this.host, parts.length > 0 ? parts : el("p", { class: "quiet", text: gettext("No command is called that, and no key does that.") }));
    this.single.checked = this.registry.singleKeys;
    this.resetAll.disabled = Object.keys(this.registry.changed).length === 0 && this.registry.singleKeys;
    if (focused) $(`[data-focus="${CSS.escape(focused)}"]`, this.host)?.focus();
  }

  group(name, members) {
    return el(
      "section",
      { class: "keys-page__group" },
      el("h2", { text: name }),
      el("ul", {}, members.map((action) => this.row(action))),
    );
  }

  row(action) {
    const { id, label, keys } = action;
    const isAsked = this.asking === id;
    return el(
      "li",
      { class: "keys-page__row", data: { id } },
      el("span", { class: "keys-page__name" }, label, this.registry.isChanged(id) && el("span", { class: "help__changed", text: gettext("changed") })),
      el("span", { class: "keys-page__keys" }, keys.map((chord) => this.key(action, chord)), this.noKey(action)),
      !action.isFixed && this.button("ask", id, isAsked ? gettext("Press a key…") : gettext("Add a key"), label, isAsked),
      this.registry.isChanged(id) && this.button("reset", id, gettext("Reset"), label),
      action.isFixed && el("span", { class: "quiet small", text: gettext("always") }),
    );
  }

  noKey({ keys, defaults, id }) {
    if (keys.length > 0) return null;
    const wanted = this.registry.changed[id] ?? defaults;
    const isOff = !this.registry.singleKeys && wanted.some(isSingle);
    return el("span", { class: "quiet small", text: isOff ? gettext("single key, switched off") : gettext("no key") });
  }

  key(action, chord) {
    const name = keyText(chord);
    const words = interpolate(gettext("Take %(key)s away from “%(name)s”"), { key: name, name: action.label });
    if (action.isFixed) return el("kbd", { text: name });
    return el(
      "button",
      { class: "keys-page__key", type: "button", title: words, "aria-label": words, data: { act: "remove", of: action.id, chord, focus: `remove ${action.id} ${chord}` } },
      el("kbd", { text: name }),
      el("span", { "aria-hidden": "true", text: "×" }),
    );
  }

  button(act, id, text, label, isPressed = null) {
    return el("button", {
      class: "button button--quiet",
      type: "button",
      text,
      "aria-label": `${text}: ${label}`,
      "aria-pressed": isPressed === null ? null : String(isPressed),
      data: { act, of: id, focus: `${act} ${id}` },
    });
  }

  clicked(button) {
    if (!button) return;
    const { act, of: id, chord } = button.dataset;
    if (act === "ask") this.ask(this.asking === id ? null : id);
    if (act === "remove") this.change(id, this.wanted(id).filter((other) => other !== chord));
    if (act === "reset") this.keep(this.registry.with(id, null));
  }

  /** What the action has, also of what is switched off now. */
  wanted(id) {
    return this.registry.changed[id] ?? this.registry.get(id).defaults;
  }

  ask(id) {
    this.asking = id;
    this.fail("");
    this.render();
    if (id) this.say(gettext("Press the key. Tab or a click elsewhere leaves it as it is."));
  }

  pressed(event) {
    if (this.asking === null || event.isComposing) return;
    const chord = chordOf(event);
    if (chord === null) return;
    if (chord === "Tab" || chord === "Shift+Tab") {
      this.ask(null);
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    const id = this.asking;
    const why = whyNot(chord) || this.registry.whyNot(id, chord);
    this.asking = null;
    this.render();
    if (why) this.fail(why);
    else if (!this.wanted(id).includes(chord)) this.change(id, [...this.wanted(id), chord]);
  }

  change(id, keys) {
    const isAsBefore = JSON.stringify(keys) === JSON.stringify(this.registry.get(id).defaults);
    return this.keep(this.registry.with(id, isAsBefore ? null : keys));
  }

  /** In effect at once; taken back, with the reason, where the server refuses. */
  async keep(keyMap, words = gettext("Kept.")) {
    const before = this.registry.keyMap;
    this.fail("");
    this.registry.take(keyMap);
    try {
      await putJson(`${this.api}key-map`, keyMap);
      this.say(words);
    } catch (error) {
      this.registry.take(before);
      this.fail(error.detail);
    }
  }

  fail(text) {
    this.trouble.textContent = text;
    this.trouble.hidden = text === "";
  }

  say(text) {
    this.news.textContent = text;
  }
}
