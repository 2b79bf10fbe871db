// A window over any number of images: rows of one height, of which only those in sight exist.

import { el, fill, icon } from "../lib/dom.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { formatNumber } from "../lib/format.js";
import { flagWords } from "./flags.js";
import { stateMark, stateWord } from "./state_marks.js";

// As in css/pages/dataset.css: the line below the picture, the frame of a cell, the space around the picture.
const FOOT = 26;
const BORDER = 4;
const PADDING = 6;
// Rows kept above and below the window: a flick of the wheel must not show holes.
const MARGIN = 3;

export class Grid {
  /**
   * @param host element that takes the rows.
   * @param images `ImageRows`.
   * @param addressOf gives the tagging page of an image's id.
   * @param onDelete hears of an image that is to go to the trash; `null` where that is not allowed.
   */
  constructor(host, images, addressOf, onDelete = null) {
    this.onDelete = onDelete;
    this.host = host;
    this.images = images;
    this.addressOf = addressOf;
    this.size = 180;
    this.focusIndex = 0;
    this.drawn = new Map();
    this.people = new Map();
    this.body = el("div", { class: "grid__rows", role: "grid", "aria-label": gettext("Images"), "aria-readonly": "true" });
    this.body.addEventListener("keydown", (event) => this.pressed(event));
    this.body.addEventListener("focusin", (event) => this.focused(event));
    this.onScroll = () => this.schedule();
    window.addEventListener("scroll", this.onScroll, { passive: true });
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(host);
  }

  /** Take the place of what the server printed. */
  show() {
    if (!this.body.isConnected) fill(this.host, this.body);
    this.measure();
  }

  close() {
    window.removeEventListener("scroll", this.onScroll);
    this.observer.disconnect();
  }

  setSize(size) {
    const anchor = this.firstInSight();
    this.size = size;
    this.measure();
    if (anchor > 0) this.scrollToIndex(anchor, "start");
  }

  measure() {
    const width = this.body.clientWidth;
    if (!width) return;
    this.gap = width < 640 ? 4 : 6;
    const columns = Math.max(1, Math.floor((width + this.gap) / (this.size + this.gap)));
    const cell = (width - (columns - 1) * this.gap) / columns;
    this.cellHeight = Math.round(cell + FOOT + BORDER);
    this.host.dataset.size = cell < 130 ? "small" : "large";
    this.slotWidth = cell - BORDER - 2 * PADDING;
    this.slotHeight = this.cellHeight - FOOT - BORDER - PADDING;
    this.columns = columns;
    this.refresh();
  }

  get rowHeight() {
    return this.cellHeight + this.gap;
  }

  get rowCount() {
    return Math.ceil(this.images.total / this.columns);
  }

  /** Draw again what is in sight, after the images or the measures changed. */
  refresh() {
    if (!this.columns) return;
    this.body.style.height = `${Math.max(0, this.rowCount * this.rowHeight - this.gap)}px`;
    this.body.setAttribute("aria-rowcount", this.rowCount);
    this.body.setAttribute("aria-colcount", this.columns);
    this.focusIndex = Math.max(0, Math.min(this.focusIndex, this.images.total - 1));
    const holdsFocus = this.body.contains(document.activeElement);
    for (const row of this.drawn.values()) row.remove();
    this.drawn.clear();
    this.draw();
    if (holdsFocus) this.focusCell();
  }

  /** Who is on which image: lists of {name, initials, colour} by the image's id. */
  setPeople(people) {
    const before = this.people;
    this.people = people;
    for (const id of new Set([...before.keys(), ...people.keys()])) {
      if (JSON.stringify(before.get(id)) !== JSON.stringify(people.get(id))) this.patch(id);
    }
  }

  /** Write an image's marks anew; its picture, and the focus, stay. */
  patch(id) {
    const index = this.images.indexOf(id);
    const link = index < 0 ? null : this.body.querySelector(`[data-index="${index}"]`);
    if (!link) return;
    const image = this.images.at(index);
    link.setAttribute("aria-label", this.label(image, index));
    link.querySelector(".cell__foot").replaceWith(this.foot(image, index));
    link.querySelector(".cell__people")?.remove();
    const people = this.faces(image);
    if (people) link.append(people);
  }

  schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  inSight() {
    const top = -this.body.getBoundingClientRect().top;
    const first = Math.floor(top / this.rowHeight);
    const last = Math.floor((top + window.innerHeight) / this.rowHeight);
    return [Math.max(0, first), Math.min(this.rowCount - 1, last)];
  }

  firstInSight() {
    return this.columns ? this.inSight()[0] * this.columns : 0;
  }

  lastInSight() {
    return this.columns ? (this.inSight()[1] + 1) * this.columns - 1 : 0;
  }

  draw() {
    if (!this.columns || !this.body.isConnected) return;
    const [first, last] = this.inSight();
    const from = Math.max(0, first - MARGIN);
    const to = Math.min(this.rowCount - 1, last + MARGIN);
    const focusRow = Math.floor(this.focusIndex / this.columns);
    for (const [index, row] of this.drawn) {
      // The row that holds the focus stays: a removed element takes the focus with it.
      if ((index < from || index > to) && index !== focusRow) {
        row.remove();
        this.drawn.delete(index);
      }
    }
    for (let index = from; index <= to; index += 1) if (!this.drawn.has(index)) this.drawRow(index);
    if (!this.drawn.has(focusRow) && focusRow < this.rowCount) this.drawRow(focusRow);
    if (!this.images.at((to + 1) * this.columns - 1)) this.images.need((to + 1) * this.columns - 1).catch(() => {});
  }

  drawRow(index) {
    const row = el("div", { class: "grid__row", role: "row", "aria-rowindex": index + 1 });
    row.style.transform = `translateY(${index * this.rowHeight}px)`;
    row.style.gridTemplateColumns = `repeat(${this.columns}, minmax(0, 1fr))`;
    row.style.gap = `${this.gap}px`;
    row.style.gridTemplateRows = `${this.cellHeight}px`;
    const end = Math.min((index + 1) * this.columns, this.images.total);
    for (let at = index * this.columns; at < end; at += 1) row.append(this.cell(at));
    const after = [...this.drawn.keys()].filter((other) => other > index).sort((a, b) => a - b)[0];
    this.body.insertBefore(row, after === undefined ? null : this.drawn.get(after));
    this.drawn.set(index, row);
  }

  cell(index) {
    const image = this.images.at(index);
    const column = (index % this.columns) + 1;
    const tabindex = index === this.focusIndex ? "0" : "-1";
    if (!image) {
      const link = el("a", { class: "cell__link", tabindex, data: { index }, "aria-label": gettext("loading") });
      return el("div", { class: "cell cell--empty", role: "gridcell", "aria-colindex": column }, link);
    }
    const link = el(
      "a",
      {
        class: "cell__link",
        href: this.addressOf(image.id),
        title: image.name,
        tabindex,
        draggable: "false",
        data: { index },
        "aria-label": this.label(image, index),
        "aria-keyshortcuts": this.onDelete && "Delete",
      },
      el("span", { class: "cell__slot" }, this.picture(image)),
      this.foot(image, index),
      this.faces(image),
    );
    return el("div", { class: "cell", role: "gridcell", "aria-colindex": column }, link, this.trashButton(image));
  }

  label(image, index) {
    const words = { name: image.name, number: formatNumber(index + 1), total: formatNumber(this.images.total) };
    const label = image.tagged
      ? gettext("%(name)s, %(number)s of %(total)s, tagged")
      : gettext("%(name)s, %(number)s of %(total)s, not tagged");
    const here = (this.people.get(image.id) ?? []).map((one) => interpolate(gettext("%(name)s is here"), { name: one.name }));
    return [interpolate(label, words), stateWord(image), ...flagWords(image), ...here].filter(Boolean).join(", ");
  }

  foot(image, index) {
    return el(
      "span",
      { class: "cell__foot" },
      el("span", { class: "cell__number", text: formatNumber(index + 1) }),
      el("bdi", { class: "cell__name", text: image.name }),
      image.flags.length > 0 && el("span", { class: "cell__flag", title: flagWords(image).join(", ") }, icon("flag")),
      stateMark(image),
    );
  }

  /** The first two who are on an image; all are in its name. */
  faces(image) {
    const people = this.people.get(image.id) ?? [];
    if (people.length === 0) return null;
    const face = (one) => el("span", { class: `avatar avatar--${one.colour}`, title: one.name, text: one.initials });
    return el("span", { class: "cell__people", "aria-hidden": "true" }, people.slice(0, 2).map(face));
  }

  /** For pointers and fingers: by keyboard it is `Delete` on the picture, so the way through the grid stays short. */
  trashButton(image) {
    if (!this.onDelete) return null;
    return el(
      "button",
      {
        class: "cell__trash",
        type: "button",
        tabindex: "-1",
        title: gettext("Move to the trash (Del)"),
        "aria-label": interpolate(gettext("Move %(name)s to the trash"), { name: image.name }),
        // The focus stays where it was: the button is about to go.
        onmousedown: (event) => event.preventDefault(),
        onclick: () => this.onDelete(image),
      },
      icon("trash"),
    );
  }

  picture(image) {
    const picture = el("img", { class: "cell__image", alt: "", decoding: "async", draggable: "false" });
    // Its place and its mean colour are there before its bytes are: nothing jumps, nothing flashes.
    const scale = Math.min(this.slotWidth / image.width, this.slotHeight / image.height);
    picture.style.width = `${Math.max(1, Math.round(image.width * scale))}px`;
    picture.style.height = `${Math.max(1, Math.round(image.height * scale))}px`;
    picture.style.backgroundColor = image.colour;
    picture.addEventListener("load", () => picture.style.removeProperty("background-color"), { once: true });
    // Without a source its colour stays, where a broken picture's sign would stand.
    picture.addEventListener("error", () => picture.removeAttribute("src"), { once: true });
    picture.src = image.thumbnail;
    return picture;
  }

  focused(event) {
    const index = Number(event.target.dataset.index);
    if (Number.isNaN(index) || index === this.focusIndex) return;
    this.body.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    event.target.setAttribute("tabindex", "0");
    this.focusIndex = index;
  }

  pressed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Delete" && !event.shiftKey) this.deletePressed(event);
    const forward = getComputedStyle(this.body).direction === "rtl" ? -1 : 1;
    const page = Math.max(1, Math.floor(window.innerHeight / this.rowHeight) - 1) * this.columns;
    const steps = {
      ArrowRight: forward,
      ArrowLeft: -forward,
      ArrowDown: this.columns,
      ArrowUp: -this.columns,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const last = this.images.total - 1;
    const goal = this.focusIndex + steps[event.key];
    const isVertical = Number.isFinite(steps[event.key]) && Math.abs(steps[event.key]) >= this.columns && this.columns > 1;
    // Up and down keep the column; at the edge they stay rather than slide sideways.
    if (isVertical && goal < 0) return;
    this.moveTo(Math.max(0, Math.min(goal, last)));
  }

  deletePressed(event) {
    const image = this.images.at(this.focusIndex);
    // A held key would run through the whole dataset.
    if (!this.onDelete || !image || event.repeat) return;
    event.preventDefault();
    this.onDelete(image);
  }

  moveTo(index) {
    this.body.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    this.focusIndex = index;
    this.scrollToIndex(index, "nearest");
    this.draw();
    this.focusCell();
  }

  focusCell() {
    const link = this.body.querySelector(`[data-index="${this.focusIndex}"]`);
    link?.setAttribute("tabindex", "0");
    link?.focus({ preventScroll: true });
  }

  scrollToIndex(index, where) {
    const top = this.body.getBoundingClientRect().top + window.scrollY + Math.floor(index / this.columns) * this.rowHeight;
    // The header and the filter bar stay in front: what has the focus must not lie behind them.
    const covered = 112;
    const above = top - covered;
    const below = top + this.cellHeight - window.innerHeight + 72;
    if (where === "start" || window.scrollY > above) window.scrollTo({ top: above });
    else if (window.scrollY < below) window.scrollTo({ top: below });
  }
}
