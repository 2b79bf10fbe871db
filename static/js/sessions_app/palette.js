// Every command by name: type a part of it, press Enter. "#" finds tags, ">" pages.

import { $, el, fill } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { getJson } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { keyText } from "../tagging/chords.js";
import { isPossible } from "../tagging/keys.js";
import { found } from "../tagging/matching.js";

const RECENT = "palette-recent";
const MOST_RECENT = 8;
const MOST_ROWS = 60;
const WAIT = 80;

export class Palette {
  /** `tags` is {find(text), has(name), add(name)}; a page without a picture has none. */
  constructor({ registry, datasets = null, tags = null }) {
    Object.assign(this, { registry, datasets, tags });
    this.dialog = $("#palette");
    this.input = $("input", this.dialog);
    this.list = $("[role=listbox]", this.dialog);
    this.empty = $("[data-palette-empty]", this.dialog);
    $("[data-palette-tags]", this.dialog).hidden = tags === null;
    this.rows = [];
    this.at = 0;
    this.known = [];
    this.input.addEventListener("input", () => this.update());
    this.dialog.addEventListener("keydown", (event) => this.pressed(event));
    this.dialog.addEventListener("click", (event) => this.clicked(event));
    this.dialog.addEventListener("close", () => this.closed());
  }

  async open() {
    if (this.dialog.open) return;
    this.came = document.activeElement;
    this.chosen = null;
    this.input.value = "";
    this.update();
    this.dialog.showModal();
    if (!this.datasets || this.known.length > 0) return;
    this.known = await this.datasets().catch(() => []);
    if (this.dialog.open && this.known.length > 0) this.update();
  }

  /** The focus goes back first: a command may want it elsewhere. */
  closed() {
    if (this.came?.isConnected) this.came.focus({ preventScroll: true });
    this.chosen?.run();
    this.chosen = null;
  }

  update() {
    const text = this.input.value;
    clearTimeout(this.timer);
    if (this.tags && text.startsWith("#")) this.timer = setTimeout(() => this.findTags(text.slice(1).trim()), WAIT);
    else this.show(this.commands(text));
  }

  commands(text) {
    const isPages = text.startsWith(">");
    const query = isPages ? text.slice(1) : text;
    const actions = this.registry.actions.filter((action) => action.id !== "palette" && !action.isFixed && !isTwin(action));
    const rows = actions.filter((action) => !isPages || action.isPage).map((action) => this.command(action));
    return found(query, [...rows, ...this.known], readRecent()).slice(0, MOST_ROWS);
  }

  command(action) {
    const { id, label, group, keys } = action;
    const isPlaced = !action.run;
    const note = isPlaced ? group : isPossible(action) ? "" : gettext("not now");
    return { id, label, group, note, keys, isOff: note !== "", run: () => action.run(new Event("palette")) };
  }

  async findTags(text) {
    let tags;
    try {
      tags = await this.tags.find(text);
    } catch {
      tags = [];
    }
    if (this.input.value.slice(1).trim() !== text || !this.dialog.open) return;
    const rows = tags.map(({ name, count }) => this.tag(name, count));
    if (text !== "" && !tags.some(({ name }) => name === text)) rows.push(this.tag(text, null));
    this.show(rows);
  }

  tag(name, count) {
    const isThere = this.tags.has(name);
    const used = count === null ? gettext("as typed") : interpolate(ngettext("on %(count)s picture", "on %(count)s pictures", count), { count: formatNumber(count) });
    const note = isThere ? gettext("already on this picture") : `${gettext("adds the tag to this picture")} · ${used}`;
    return { id: `#${name}`, label: name, note, keys: [], isOff: isThere, isTag: true, run: () => this.tags.add(name) };
  }

  show(rows) {
    this.rows = rows;
    fill(this.list, rows.map((row, index) => this.row(row, index)));
    this.list.hidden = rows.length === 0;
    this.empty.hidden = rows.length > 0;
    this.choose(Math.max(0, rows.findIndex((row) => !row.isOff)));
    this.list.scrollTop = 0;
  }

  row({ label, note, keys = [], isOff, isTag }, index) {
    return el(
      "li",
      { class: "palette__row", role: "option", id: `palette-${index}`, "aria-selected": "false", "aria-disabled": isOff ? "true" : null },
      el("span", { class: "palette__name" }, isTag && el("span", { class: "palette__sign", text: "#" }), el("bdi", { text: label })),
      note && el("span", { class: "palette__note", text: note }),
      keys.length > 0 && el("kbd", { class: "only-keyboard", text: keyText(keys[0]) }),
    );
  }

  choose(index) {
    this.list.children[this.at]?.setAttribute("aria-selected", "false");
    this.at = index;
    const row = this.list.children[index];
    if (!row) {
      this.input.removeAttribute("aria-activedescendant");
      return;
    }
    row.setAttribute("aria-selected", "true");
    this.input.setAttribute("aria-activedescendant", row.id);
    row.scrollIntoView({ block: "nearest" });
  }

  pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    const last = this.rows.length - 1;
    if (event.key === "Enter") this.take(this.at);
    else if (event.key in steps && last >= 0) this.choose(this.stepped(steps[event.key], last));
    else return;
    event.preventDefault();
  }

  stepped(step, last) {
    if (Math.abs(step) > 1) return Math.max(0, Math.min(last, this.at + step));
    return (this.at + step + last + 1) % (last + 1);
  }

  clicked(event) {
    const row = event.target.closest("[role=option]");
    if (row) this.take([...this.list.children].indexOf(row));
    else if (event.target === this.dialog) this.dialog.close();
  }

  take(index) {
    const row = this.rows[index];
    if (!row || row.isOff) return;
    this.chosen = row;
    if (!row.isTag) keepRecent(row.id);
    this.dialog.close();
  }
}

// The same command under a key that listens elsewhere: once in the list is enough.
const isTwin = (action) => action.id.endsWith("Too");

function readRecent() {
  try {
    return JSON.parse(localStorage.getItem(RECENT) ?? "[]");
  } catch {
    return [];
  }
}

function keepRecent(id) {
  const recent = [id, ...readRecent().filter((other) => other !== id)].slice(0, MOST_RECENT);
  try {
    localStorage.setItem(RECENT, JSON.stringify(recent));
  } catch {
    // Storage is off: the list begins in its own order, that is all.
  }
}

/** Datasets as rows of the palette. */
export function datasetRows(api, go) {
  return async () => {
    const datasets = await getJson(`${api}datasets`);
    return datasets.map(({ id, name }) => ({
      id: `dataset-${id}`,
      label: name,
      group: gettext("Datasets"),
      note: gettext("dataset"),
      run: () => go(`/datasets/${id}/`),
    }));
  };
}

/** Tags of the desk's dataset, to be added to the picture that is shown. */
export const tagRows = (desk, api) => ({
  find: async (text) => (await getJson(`${api}datasets/${desk.dataset.id}/tag-suggestions?limit=20&q=${encodeURIComponent(text)}`)).tags,
  has: (name) => desk.chips.names.includes(name),
  add: (name) => desk.add(desk.image, [name]),
});
