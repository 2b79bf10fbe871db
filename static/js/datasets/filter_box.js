// The box of the filter: completions with counts while one writes, how many there would be, and where a filter cannot be
// read. Enter lets it hold.

import Combobox from "../../vendor/combobox-nav/combobox-nav.js";
import { $, $$, el, fill, importDialog } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { getJson } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";

const COMPLETE_AFTER = 60;
const CHECK_AFTER = 350;

// The server counts characters; a script counts some of them twice.
const points = (text) => [...text].length;
// A label that says the same as the text is none.
const bare = (text) => text.replace(/["\\]/gu, "").replaceAll("_", " ").toLowerCase();
const at = (text, point) => [...text].slice(0, point).join("").length;

export class FilterBox {
  /** `onApply(text)` lets a filter hold. */
  constructor({ root, query, onApply }) {
    Object.assign(this, { root, query, onApply });
    this.input = $("[data-filter-input]", root);
    this.mirror = $("[data-filter-mirror]", root);
    this.count = $("[data-filter-count]", root);
    this.error = $("[data-filter-error]", root);
    this.list = $("[role=listbox]", root);
    this.below = $("[data-filter-below]", root);
    this.clearButton = $("[data-filter-clear]", root);
    this.combobox = new Combobox(this.input, this.list, { firstOptionSelectionMode: "none", tabInsertsSuggestions: true });
    this.isOpen = false;
    this.wantsFirst = false;
    this.offeredFor = null;
    this.turn = 0;
    this.listen();
    this.show(query.filter);
  }

  listen() {
    const { input } = this;
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => this.pressed(event));
    input.addEventListener("scroll", () => this.follow());
    input.addEventListener("blur", () => this.left());
    input.addEventListener("focus", () => this.suggestSoon(0));
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.apply();
    });
    // A press on a row must not take the focus out of the box.
    this.below.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.taken(event.target.closest("[role=option]")));
    this.clearButton.addEventListener("click", () => this.clear());
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  showHelp() {
    this.help ??= this.makeHelp();
    this.help.showModal();
  }

  makeHelp() {
    const help = importDialog("[data-filter-help]");
    for (const button of $$("[data-example]", help)) button.addEventListener("click", () => this.tryExample(button.dataset.example));
    for (const button of $$("[data-close]", help)) button.addEventListener("click", () => help.close());
    return help;
  }

  tryExample(text) {
    this.help.close();
    this.show(text);
    this.apply();
    this.input.focus();
  }

  clear() {
    this.show("");
    this.apply();
    this.input.focus();
  }

  /** The filter that holds now. */
  show(text) {
    this.input.value = text;
    this.isTyped = false;
    this.count.textContent = "";
    this.fail(null);
    this.close();
    this.clearButton.hidden = text === "";
  }

  // --- writing -------------------------------------------------------------------------------------

  typed() {
    this.isTyped = true;
    this.wantsFirst = false;
    this.clearButton.hidden = this.input.value === "";
    this.fail(null);
    this.count.textContent = "";
    this.suggestSoon(COMPLETE_AFTER);
    clearTimeout(this.checkTimer);
    this.checkTimer = setTimeout(() => this.check({ isHalf: true }), CHECK_AFTER);
  }

  pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const chosen = this.isOpen && this.list.querySelector("[aria-selected=true]");
    if (event.key === "Tab" && !event.shiftKey && this.isOpen && this.isTyped && !chosen && this.list.firstElementChild) {
      event.preventDefault();
      this.takeFirst();
    } else if (event.key === "Enter" && !chosen) {
      event.preventDefault();
      this.apply();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.escape();
    }
  }

  /** One step back: the list, then what was written, then the box. */
  escape() {
    if (this.isOpen) this.close();
    else if (this.input.value !== this.query.filter) this.show(this.query.filter);
    else this.input.blur();
  }

  left() {
    this.close();
    clearTimeout(this.checkTimer);
  }

  /** Let the filter hold as it is written; one that cannot be read shows where. */
  async apply() {
    clearTimeout(this.checkTimer);
    this.close();
    const text = this.input.value.trim();
    const isGood = await this.check();
    if (!isGood || text !== this.input.value.trim()) return;
    this.isTyped = false;
    this.onApply(text);
  }

  /** How many there would be; `false` where it cannot be read, which a word that is still being completed need not be. */
  async check({ isHalf = false } = {}) {
    const text = this.input.value.trim();
    const turn = (this.turn += 1);
    if (text === "") return true;
    try {
      const { total } = await getJson(`${this.root.dataset.imagesAddress}?${new URLSearchParams({ filter: text, limit: 1 })}`);
      if (turn === this.turn) this.sayCount(total);
      return true;
    } catch (error) {
      if (turn === this.turn && !(isHalf && this.isOpen)) this.fail(error);
      return false;
    }
  }

  sayCount(total) {
    const words = ngettext("%(count)s image", "%(count)s images", total);
    this.count.textContent = interpolate(words, { count: formatNumber(total) });
  }

  // --- errors --------------------------------------------------------------------------------------

  /** Underline the place and say what is wrong there; `null` for nothing. */
  fail(error) {
    this.input.toggleAttribute("aria-invalid", false);
    if (error) this.input.setAttribute("aria-invalid", "true");
    this.error.hidden = !error;
    this.error.textContent = error?.detail ?? "";
    if (error) this.input.setAttribute("aria-describedby", this.error.id);
    else this.input.removeAttribute("aria-describedby");
    const { start, end } = error?.body ?? {};
    const text = this.input.value;
    if (!error || start === undefined) {
      fill(this.mirror);
    } else {
      // A filter is read without the blanks before it.
      const skipped = text.length - text.trimStart().length;
      const [from, to] = [skipped + at(text.trimStart(), start), skipped + at(text.trimStart(), Math.max(end, start + 1))];
      fill(this.mirror, text.slice(0, from), el("mark", { text: text.slice(from, to) || " " }), text.slice(to));
      this.follow();
    }
    this.place();
  }

  follow() {
    this.mirror.scrollLeft = this.input.scrollLeft;
  }

  // --- completions ---------------------------------------------------------------------------------

  suggestSoon(wait) {
    clearTimeout(this.suggestTimer);
    this.suggestTimer = setTimeout(() => this.suggest(), wait);
  }

  async suggest() {
    const text = this.input.value;
    const caret = points(text.slice(0, this.input.selectionStart ?? text.length));
    this.controller?.abort();
    this.controller = new AbortController();
    const query = new URLSearchParams({ text, at: caret });
    try {
      const answer = await getJson(`${this.root.dataset.completionsAddress}?${query}`, { signal: this.controller.signal });
      if (this.input.value === text && document.activeElement === this.input) this.offer(answer, text);
    } catch (error) {
      // Without completions one still writes.
      if (error.name !== "AbortError") this.close();
    }
  }

  offer({ start, end, items }, text) {
    this.combobox.stop();
    this.range = [start, end];
    this.offeredFor = text;
    fill(this.list, items.map((item, index) => this.row(item, index)));
    this.isOpen = items.length > 0;
    this.list.hidden = !this.isOpen;
    if (this.isOpen) this.combobox.start();
    this.place();
    if (this.wantsFirst) this.takeFirst();
  }

  /** The first completion of what is written, as soon as it is there. */
  takeFirst() {
    this.wantsFirst = this.offeredFor !== this.input.value;
    if (this.wantsFirst) this.suggestSoon(0);
    else this.taken(this.list.firstElementChild);
  }

  row({ text, label, count }, index) {
    const number = count === null || count === undefined ? null : formatNumber(count);
    const words = number !== null && interpolate(ngettext(", %(count)s image", ", %(count)s images", count), { count: number });
    return el(
      "li",
      { class: "finder__option", role: "option", id: `filter-option-${index}`, data: { text } },
      el("bdi", { class: "finder__option-text", text }),
      label && bare(label) !== bare(text) && el("span", { class: "finder__option-label", text: label }),
      number !== null && [el("span", { class: "finder__option-count numbers", "aria-hidden": "true", text: number }), el("span", { class: "visually-hidden", text: words })],
    );
  }

  taken(row) {
    // What is offered for an earlier text has no place in this one; its own is under way.
    if (!row || this.offeredFor !== this.input.value) return;
    const { text } = row.dataset;
    this.close();
    const value = this.input.value;
    const [start, end] = this.range.map((point) => at(value, point));
    // Behind a key its value follows; behind a value the next condition.
    const added = /[:<>=(]$/u.test(text) ? text : `${text} `;
    const rest = value.slice(end).replace(/^\s+/u, "");
    this.input.value = value.slice(0, start) + added + rest;
    const caret = start + added.length;
    this.input.setSelectionRange(caret, caret);
    this.typed();
  }

  close() {
    clearTimeout(this.suggestTimer);
    this.controller?.abort();
    this.isOpen = false;
    this.wantsFirst = false;
    this.combobox.stop();
    this.list.hidden = true;
    this.place();
  }

  /** What lies below the box is there for an error or for completions. */
  place() {
    this.below.hidden = this.list.hidden && this.error.hidden;
  }
}

/** What an empty list says under a filter: the filter itself, and the way out of it. */
export function emptyUnder(filter, onClear) {
  return el(
    "div",
    { class: "empty", data: { empty: "" } },
    el("h2", { text: gettext("No image matches") }),
    el("p", {}, gettext("The filter is"), " ", el("code", { class: "filter-shown" }, el("bdi", { text: filter }))),
    el("div", { class: "row" }, el("button", { class: "button button--large", type: "button", text: gettext("Clear the filter"), onclick: onClear })),
  );
}
