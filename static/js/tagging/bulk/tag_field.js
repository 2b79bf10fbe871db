// A field for some tags: each becomes a chip, with suggestions while one writes.

import Combobox from "../../../vendor/combobox-nav/combobox-nav.js";
import { el, fill, icon } from "../../lib/dom.js";
import { formatNumber } from "../../lib/format.js";
import { gettext, interpolate } from "../../lib/i18n.js";
import { splitList, tidy } from "../names.js";

const WAIT = 60;
let number = 0;

export class TagField extends EventTarget {
  /** Tells `change`. `find(text)` gives rows of {name, count, alias}; `most` is how many tags it takes. */
  constructor({ label, find, most = 100 }) {
    super();
    Object.assign(this, { find, most });
    this.tags = [];
    number += 1;
    this.id = `tag-field-${number}`;
    this.chips = el("ul", { class: "tag-field__chips", "aria-label": label });
    this.input = el("input", { class: "tag-field__input", id: this.id, type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: "2000" });
    this.list = el("ul", { class: "tag-field__list", id: `${this.id}-list`, role: "listbox", "aria-label": gettext("Suggestions"), hidden: true });
    this.root = el(
      "div",
      { class: "field tag-field" },
      el("label", { class: "field__label", for: this.id, text: label }),
      el("div", { class: "tag-field__box" }, this.chips, this.input),
      this.list,
    );
    this.combobox = new Combobox(this.input, this.list, { firstOptionSelectionMode: "none" });
    this.listen();
  }

  listen() {
    const { input, list } = this;
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => this.pressed(event));
    input.addEventListener("paste", (event) => this.pasted(event));
    input.addEventListener("blur", () => this.left());
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row) this.add([row.dataset.name]);
    });
    this.chips.addEventListener("click", (event) => {
      const chip = event.target.closest("button")?.closest("[data-name]");
      if (chip) this.set(this.tags.filter((name) => name !== chip.dataset.name));
    });
  }

  focus() {
    this.input.focus();
  }

  set(tags) {
    this.tags = [...new Set(tags)].slice(0, this.most);
    fill(this.chips, this.tags.map((name) => this.chip(name)));
    this.dispatchEvent(new Event("change"));
  }

  add(names) {
    this.input.value = "";
    this.close();
    const added = names.map(tidy).filter(Boolean);
    this.set(this.most === 1 ? added.slice(-1) : [...this.tags, ...added]);
    this.input.focus();
  }

  chip(name) {
    const remove = interpolate(gettext("Remove %(name)s"), { name });
    return el(
      "li",
      { class: "chip", data: { name } },
      el("bdi", { class: "chip__text", text: name }),
      el("button", { class: "chip__remove", type: "button", "aria-label": remove, title: remove }, icon("x")),
    );
  }

  /** What stands in the box becomes a tag, too, when the box is left. */
  left() {
    this.close();
    if (this.input.value.trim()) this.add(splitList(this.input.value));
  }

  typed() {
    if (/[,\n]/u.test(this.input.value)) {
      this.add(splitList(this.input.value));
      return;
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.suggest(), WAIT);
  }

  pasted(event) {
    const text = event.clipboardData.getData("text/plain");
    if (!/[,\n]/u.test(text)) return;
    event.preventDefault();
    this.add(splitList(this.input.value + text));
  }

  pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const chosen = this.list.querySelector("[aria-selected=true]");
    const text = this.input.value;
    if (event.key === "Enter" && !chosen && text.trim()) {
      event.preventDefault();
      const first = !event.ctrlKey && !event.metaKey && this.shownFor === text ? this.list.firstElementChild : null;
      this.add([first?.dataset.name ?? text]);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (event.key === "Backspace" && text === "" && this.tags.length > 0) {
      this.set(this.tags.slice(0, -1));
    }
  }

  async suggest() {
    const text = this.input.value;
    if (!text.trim()) {
      this.close();
      return;
    }
    const rows = await this.find(text).catch(() => []);
    if (text !== this.input.value || document.activeElement !== this.input) return;
    this.combobox.stop();
    fill(this.list, rows.slice(0, 8).map((row, index) => this.row(row, index)));
    this.list.hidden = rows.length === 0;
    this.shownFor = text;
    if (rows.length > 0) this.combobox.start();
  }

  row({ name, alias, count }, index) {
    return el(
      "li",
      { class: "finder__option", role: "option", id: `${this.id}-${index}`, data: { name } },
      el("bdi", { class: "tag-field__name", text: alias ? `${alias} → ${name}` : name }),
      count > 0 && el("span", { class: "finder__option-count numbers", text: formatNumber(count) }),
    );
  }

  close() {
    clearTimeout(this.timer);
    this.combobox.stop();
    this.list.hidden = true;
    this.shownFor = null;
  }
}
