// The list under the tag box. combobox-nav does its keys and roles; this decides what is in it.

import Combobox from "../../vendor/combobox-nav/combobox-nav.js";
import { el, fill } from "../lib/dom.js";
import { formatNumber, formatShort } from "../lib/format.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { keyText } from "./chords.js";
import { folded, tidy, wordStart } from "./names.js";

const SHOWN = 20;
const WAIT = 40;

export class Suggestions {
  /** `onTake(name)` gets what was chosen; `isPresent(name)` tells what the image has already, `keepKeys()` what adds a text as typed. */
  constructor({ root, input, vocabulary, onTake, isPresent, keepKeys, announce }) {
    Object.assign(this, { input, vocabulary, onTake, isPresent, keepKeys, announce });
    this.list = root.querySelector("[role=listbox]");
    this.title = root.querySelector("[data-suggestions-title]");
    this.empty = root.querySelector("[data-suggestions-empty]");
    this.combobox = new Combobox(input, this.list, { firstOptionSelectionMode: "selected" });
    this.isOpen = false;
    this.text = "";
    this.shownFor = null;
    // A press on a row must not take the focus out of the box.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.clicked(event));
  }

  clicked(event) {
    const row = event.target.closest("[role=option]");
    if (row) this.onTake(row.dataset.name);
  }

  /** Show what goes with the text in the box; an empty one shows what goes with the picture, without opening the list. */
  async update(value = this.input.value) {
    const text = tidy(value);
    this.text = text;
    clearTimeout(this.timer);
    const known = this.vocabulary.known(text);
    if (known) {
      this.show(text, known);
      return;
    }
    // The old list would still offer what was just added.
    if (text === "") this.show(text, this.vocabulary.latest(text) ?? []);
    this.timer = setTimeout(() => this.ask(text), WAIT);
  }

  async ask(text) {
    try {
      const tags = await this.vocabulary.find(text);
      if (text === this.text) this.show(text, tags);
    } catch (error) {
      if (error.name !== "AbortError" && text === this.text) this.show(text, this.vocabulary.guess(text));
    }
  }

  /**
   * What Enter means when the answer is not there yet: the first suggestion for a text, or the text itself.
   *
   * The server is asked at once; the function this returns waits for it and chooses by what the image has by then.
   */
  best(text) {
    const answer = this.vocabulary.findForSure(text);
    return async () => this.rows(text, await answer)[0]?.name ?? tidy(text);
  }

  rows(text, tags) {
    const query = folded(text);
    const free = tags.filter((tag) => !this.isPresent(tag.name));
    const exact = free.filter((tag) => text && folded(tag.name) === query);
    const rest = free.filter((tag) => !exact.includes(tag)).slice(0, SHOWN);
    const rows = [...exact, ...rest];
    const isThere = text === "" || tags.some((tag) => tag.name === text || tag.alias === text) || this.isPresent(text);
    if (isThere) return rows;
    // A new word must not become another one by Enter only because it looks like it.
    return free.every((tag) => tag.match === "typo") ? [{ name: text, isNew: true }, ...rows] : [...rows, { name: text, isNew: true }];
  }

  show(text, tags) {
    this.combobox.stop();
    const rows = this.rows(text, tags);
    fill(this.list, rows.map((row, index) => this.row(row, index, text)));
    this.list.scrollTop = 0;
    this.list.hidden = rows.length === 0;
    this.empty.hidden = rows.length > 0 || text !== "";
    this.title.textContent = this.titleOf(text, rows);
    this.title.hidden = rows.length === 0;
    this.shownFor = text;
    if (text !== "" && rows.length > 0) this.open();
    else this.close();
    this.say(text, rows.length);
  }

  titleOf(text, rows) {
    if (text !== "") return gettext("Suggestions");
    return rows.some((row) => row.together > 0) ? gettext("Goes with this picture") : gettext("Used most here");
  }

  row(tag, index, text) {
    const { name, isNew } = tag;
    return el(
      "li",
      { class: isNew ? "suggestion suggestion--new" : "suggestion", role: "option", id: `suggestion-${index}`, data: { name } },
      isNew ? newLabel(name) : label(tag, text),
      isNew ? this.keepKey() : [categoryOf(tag), countOf(tag)],
    );
  }

  keepKey() {
    const [chord] = this.keepKeys();
    return chord !== undefined && el("kbd", { class: "only-keyboard", text: keyText(chord) });
  }

  say(text, count) {
    clearTimeout(this.sayTimer);
    if (text === "") return;
    const words = ngettext("%(count)s suggestion", "%(count)s suggestions", count);
    this.sayTimer = setTimeout(() => this.announce(interpolate(words, { count })), 700);
  }

  open() {
    this.isOpen = true;
    this.combobox.start();
  }

  close() {
    this.isOpen = false;
    this.combobox.stop();
  }

  /** Whether the list shows what belongs to this text, so that its choice counts. */
  isCurrent(text) {
    return this.isOpen && this.shownFor === tidy(text);
  }

  get chosen() {
    return this.isOpen ? (this.list.querySelector("[aria-selected=true]")?.dataset.name ?? null) : null;
  }
}

const newLabel = (name) =>
  el("span", { class: "suggestion__name", title: name }, gettext("Add as typed:"), " ", el("b", {}, el("bdi", { text: name })));

/** The name; where an alias matched, the alias and what it stands for. */
function label({ name, alias }, text) {
  if (!alias) return el("span", { class: "suggestion__name", title: name }, marked(name, text));
  const title = `${alias} → ${name}`;
  return el("span", { class: "suggestion__name", title }, marked(alias, text), el("span", { class: "suggestion__arrow", text: " → " }), el("bdi", { text: name }));
}

/** By word and colour; the comma is for those who hear the row. */
function categoryOf({ category }) {
  if (!category) return null;
  return [hidden(", "), el("span", { class: "suggestion__category category", data: { colour: category.colour }, text: category.name })];
}

/** On how many pictures it is; where on none, how often the vocabulary has seen it. */
function countOf({ count, vocabulary_count: total = 0 }) {
  const isHere = count > 0 || total === 0;
  const words = isHere
    ? interpolate(ngettext("on %(count)s picture", "on %(count)s pictures", count), { count })
    : interpolate(gettext("not used here, %(count)s in the vocabulary"), { count: formatNumber(total) });
  const shown = isHere ? formatNumber(count) : formatShort(total);
  const style = isHere ? "suggestion__count numbers" : "suggestion__count suggestion__count--elsewhere numbers";
  return [el("span", { class: style, title: words, "aria-hidden": "true", text: shown }), hidden(`, ${words}`)];
}

const hidden = (text) => el("span", { class: "visually-hidden", text });

/** A name with the part that was typed set off: a start of a word rather than what is inside one. */
function marked(name, text) {
  const low = name.toLocaleLowerCase().replaceAll("_", " ");
  const typed = folded(text);
  const start = typed === "" || low.length !== name.length ? -1 : wordStart(low, typed);
  const at = start < 0 && typed !== "" ? low.indexOf(typed) : start;
  if (at < 0 || low.length !== name.length) return el("bdi", { text: name });
  const end = at + typed.length;
  return el("bdi", {}, name.slice(0, at), el("mark", { text: name.slice(at, end) }), name.slice(end));
}
