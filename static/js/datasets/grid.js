// A window over any number of images: rows of one height, of which only those in sight exist.

import { el, fill, icon } from "../lib/dom.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { Cells } from "./cells.js";
import { ScrollMap } from "./scroll_map.js";

// As in css/pages/dataset.css: the line below the picture, the frame of a cell, the space around the picture.
const FOOT = 26;
const BORDER = 4;
const PADDING = 6;
// Kept above and below the window, as a part of it: a flick of the wheel must not show holes.
const MARGIN = 0.3;
// The scrollbar takes its place in a very long list when one has come to rest.
const REST = 150;

export class Grid extends EventTarget {
  /**
   * Tells `focus` when another picture has the focus.
   *
   * @param host element that takes the rows.
   * @param images `ImageRows`.
   * @param addressOf gives the tagging page of an image's id and place.
   * @param onDelete hears of an image that is to go to the trash; `null` where that is not allowed.
   * @param insets how much of the window is covered, as {top, bottom} in pixels.
   */
  constructor(host, images, { addressOf, onDelete = null, insets = () => ({ top: 112, bottom: 24 }) }) {
    super();
    Object.assign(this, { host, images, addressOf, onDelete, insets });
    this.size = 180;
    this.focusIndex = 0;
    this.drawn = new Map();
    this.people = new Map();
    this.isSelected = () => false;
    this.cells = new Cells(this);
    this.map = new ScrollMap();
    this.body = el("div", { class: "grid__rows", role: "grid", "aria-label": gettext("Images"), "aria-readonly": "true", "aria-multiselectable": "true" });
    this.body.addEventListener("keydown", (event) => this.pressed(event));
    this.body.addEventListener("focusin", (event) => this.focused(event));
    if (onDelete) this.startTrashButton();
    this.onScroll = () => this.scrolled();
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
    this.cellWidth = cell;
    this.cellHeight = Math.round(cell + FOOT + BORDER);
    this.isSmall = cell < 130;
    this.host.dataset.size = this.isSmall ? "small" : "large";
    this.slotWidth = cell - BORDER - 2 * PADDING;
    this.slotHeight = this.cellHeight - FOOT - BORDER - PADDING;
    this.columns = columns;
    const measures = [columns, width, this.cellHeight].join();
    if (measures !== this.measures) this.clear();
    this.measures = measures;
    this.refresh();
  }

  clear() {
    this.held = this.body.contains(document.activeElement);
    for (const row of this.drawn.values()) row.remove();
    this.drawn.clear();
  }

  get rowHeight() {
    return this.cellHeight + this.gap;
  }

  get rowCount() {
    return Math.ceil(this.images.total / this.columns);
  }

  /** Bring what is in sight up to date, after the images or the measures changed. Pictures that stay are left alone. */
  refresh() {
    if (!this.columns) return;
    const height = Math.max(0, this.rowCount * this.rowHeight - this.gap);
    this.body.style.height = `${this.map.measure(height, window.innerHeight)}px`;
    this.body.setAttribute("aria-rowcount", this.rowCount);
    this.body.setAttribute("aria-colcount", this.columns);
    this.focusIndex = Math.max(0, Math.min(this.focusIndex, this.images.total - 1));
    const holdsFocus = this.held || this.body.contains(document.activeElement);
    this.held = false;
    for (const [index, row] of this.drawn) this.updateRow(index, row);
    this.draw();
    if (holdsFocus) this.focusCell();
  }

  updateRow(index, row) {
    const start = index * this.columns;
    const end = start + (index < this.rowCount ? this.cellsOf(index) : 0);
    for (const cell of [...row.children]) {
      const at = this.cells.indexOf(cell);
      if (at >= start && at < end) this.cells.update(cell, at);
      else cell.remove();
    }
    if (row.childElementCount === 0) this.removeRow(index, row);
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
    const cell = this.cellAt(this.images.indexOf(id));
    if (cell) this.cells.update(cell, this.images.indexOf(id));
  }

  cellAt(index) {
    return index < 0 ? null : (this.body.querySelector(`[data-index="${index}"]`)?.parentElement ?? null);
  }

  /** Ask again which pictures are selected: `isSelected(id)`. */
  showSelection(isSelected) {
    this.isSelected = isSelected;
    for (const row of this.drawn.values()) {
      for (const cell of row.children) {
        const { image } = cell.dataset;
        if (image !== undefined) cell.setAttribute("aria-selected", String(isSelected(Number(image))));
      }
    }
  }

  // --- what is in sight ----------------------------------------------------------------------------

  scrolled() {
    clearTimeout(this.restTimer);
    if (this.map.isMapped) this.restTimer = setTimeout(() => this.settle(this.place), REST);
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  /** How far the list is scrolled, as if it had its full height. */
  get place() {
    return this.map.placeOf(-this.body.getBoundingClientRect().top);
  }

  /** Scroll the list to a place, where the scrollbar then stands right. */
  settle(place) {
    const real = this.map.settle(place);
    const top = this.body.getBoundingClientRect().top + window.scrollY;
    if (Math.abs(window.scrollY - top - real) >= 1) window.scrollTo({ top: top + real });
    // The window has an end: what is drawn keeps to where it stands.
    this.draw();
  }

  /** The place of a point of the window in the list, in its full height. */
  pointAt(clientX, clientY) {
    return { x: clientX - this.body.getBoundingClientRect().left, y: this.place + clientY };
  }

  inSight() {
    const { place } = this;
    const first = Math.floor(place / this.rowHeight);
    const last = Math.floor((place + window.innerHeight) / this.rowHeight);
    return [Math.max(0, Math.min(first, this.rowCount - 1)), Math.max(0, Math.min(this.rowCount - 1, last))];
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
    // Of small pictures there are so many that each row counts.
    const margin = this.isSmall ? 1 : Math.max(1, Math.ceil((MARGIN * window.innerHeight) / this.rowHeight));
    const from = Math.max(0, first - margin);
    const to = Math.min(this.rowCount - 1, last + margin);
    const focusRow = Math.floor(this.focusIndex / this.columns);
    this.follow();
    for (const [index, row] of this.drawn) {
      const isAway = index < from || index > to;
      // The picture with the focus stays: a removed element takes the focus with it, and Tab leads to it.
      if (isAway && index === focusRow) this.trimRow(row);
      else if (isAway) this.removeRow(index, row);
    }
    for (let index = from; index <= to; index += 1) this.drawRow(index);
    if (!this.drawn.has(focusRow) && focusRow < this.rowCount) this.trimRow(this.drawRow(focusRow));
    this.images.need(from * this.columns, (to + 1) * this.columns - 1);
  }

  /** Where the list was shifted against its scrollbar, its rows go along. */
  follow() {
    if (this.shift === this.map.shift) return;
    this.shift = this.map.shift;
    for (const [index, row] of this.drawn) this.placeRow(index, row);
  }

  placeRow(index, row) {
    const top = index * this.rowHeight - this.map.shift;
    row.style.transform = `translateY(${top}px)`;
  }

  /** Make a row, or make one whole that was trimmed. */
  drawRow(index) {
    const row = this.drawn.get(index) ?? this.makeRow(index);
    if (row.childElementCount === this.cellsOf(index)) return row;
    const kept = new Map([...row.children].map((cell) => [this.cells.indexOf(cell), cell]));
    const start = index * this.columns;
    const cells = Array.from({ length: this.cellsOf(index) }, (_, offset) => kept.get(start + offset) ?? null);
    let next = null;
    for (let offset = cells.length - 1; offset >= 0; offset -= 1) {
      const cell = cells[offset] ?? this.cells.make(start + offset);
      cell.style.removeProperty("grid-column-start");
      if (!cells[offset]) row.insertBefore(cell, next);
      next = cell;
    }
    return row;
  }

  cellsOf(index) {
    return Math.min(this.columns, this.images.total - index * this.columns);
  }

  makeRow(index) {
    const row = el("div", { class: "grid__row", role: "row", "aria-rowindex": index + 1 });
    this.placeRow(index, row);
    row.style.gridTemplateColumns = `repeat(${this.columns}, minmax(0, 1fr))`;
    row.style.gap = `${this.gap}px`;
    row.style.gridTemplateRows = `${this.cellHeight}px`;
    const after = [...this.drawn.keys()].filter((other) => other > index).sort((a, b) => a - b)[0];
    this.body.insertBefore(row, after === undefined ? null : this.drawn.get(after));
    this.drawn.set(index, row);
    return row;
  }

  /** Of a row that is far away, leave the picture with the focus alone. */
  trimRow(row) {
    if (row.childElementCount === 1) return;
    for (const cell of [...row.children]) {
      if (this.cells.indexOf(cell) === this.focusIndex) cell.style.gridColumnStart = (this.focusIndex % this.columns) + 1;
      else cell.remove();
    }
  }

  removeRow(index, row) {
    row.remove();
    this.drawn.delete(index);
  }

  /**
   * Let `change` put other images in the place of these; what is looked at stays where it is on the screen.
   *
   * That is the picture with the focus where it is in sight, else the first one that is still there.
   */
  replace(change) {
    if (!this.columns || !this.body.isConnected) {
      change();
      return;
    }
    const { place, focusIndex } = this;
    const [first, last] = this.inSight();
    const start = first * this.columns;
    const isFocusInSight = focusIndex >= start && focusIndex < (last + 1) * this.columns;
    const seen = [isFocusInSight ? focusIndex : start];
    for (let index = start; index < (last + 1) * this.columns; index += 1) seen.push(index);
    const anchors = seen.filter((index) => this.images.at(index)).map((index) => ({ index, id: this.images.at(index).id }));
    const focused = this.images.at(focusIndex)?.id;
    change();
    const anchor = anchors.find(({ id }) => this.images.indexOf(id) >= 0);
    const now = anchor ? this.images.indexOf(anchor.id) : 0;
    const focusNow = this.images.indexOf(focused);
    this.focusIndex = focusNow >= 0 ? focusNow : focusIndex + (anchor ? now - anchor.index : 0);
    this.refresh();
    const rows = anchor ? Math.floor(now / this.columns) - Math.floor(anchor.index / this.columns) : 0;
    if (rows !== 0 && place > 0) this.settle(place + rows * this.rowHeight);
  }

  // --- trash ---------------------------------------------------------------------------------------

  /** One button for all: it goes to the picture that is pointed at. By keyboard it is `Delete` on the picture. */
  startTrashButton() {
    this.trashButton = el(
      "button",
      {
        class: "cell__trash",
        type: "button",
        tabindex: "-1",
        title: gettext("Move to the trash (Del)"),
        // The focus stays where it was: the button is about to go.
        onmousedown: (event) => event.preventDefault(),
        onclick: () => this.trashPointed(),
      },
      icon("trash"),
    );
    this.body.addEventListener("pointerover", (event) => this.pointed(event));
  }

  pointed(event) {
    const cell = event.target.closest(".cell[data-image]");
    if (!cell || event.pointerType === "touch" || this.trashButton.parentElement === cell) return;
    const image = this.images.at(this.cells.indexOf(cell));
    if (!image) return;
    this.trashButton.setAttribute("aria-label", interpolate(gettext("Move %(name)s to the trash"), { name: image.name }));
    cell.append(this.trashButton);
  }

  trashPointed() {
    const image = this.images.at(this.cells.indexOf(this.trashButton.parentElement));
    this.trashButton.remove();
    if (image) this.onDelete(image);
  }

  // --- keys and focus ------------------------------------------------------------------------------

  focused(event) {
    const index = Number(event.target.dataset.index);
    if (Number.isNaN(index) || index === this.focusIndex) return;
    this.body.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    event.target.setAttribute("tabindex", "0");
    this.focusIndex = index;
    this.dispatchEvent(new Event("focus"));
  }

  get holdsFocus() {
    return this.body.contains(document.activeElement);
  }

  pressed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Delete" && !event.shiftKey) this.deletePressed(event);
    const goal = this.goalOf(event.key, event.shiftKey);
    if (goal === null) return;
    event.preventDefault();
    const from = this.focusIndex;
    if (goal !== undefined) this.moveTo(goal);
    if (event.shiftKey) this.dispatchEvent(new CustomEvent("extend", { detail: { from, to: this.focusIndex, isLine: !event.key.startsWith("Arrow") } }));
  }

  /** Where a key leads from the focus: `null` for keys that lead nowhere, `undefined` at an edge. */
  goalOf(key, isSelecting) {
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
    if (!(key in steps)) return null;
    const last = this.images.total - 1;
    const goal = this.focusIndex + steps[key];
    const isVertical = Number.isFinite(steps[key]) && Math.abs(steps[key]) >= this.columns && this.columns > 1;
    // Up and down keep the column; at the edge they stay rather than slide sideways.
    if (isVertical && goal < 0) return undefined;
    // A block ends at the edge: beyond it lies the other side.
    const isSideways = Math.abs(steps[key]) === 1 && this.columns > 1;
    if (isSelecting && isSideways && Math.floor(goal / this.columns) !== Math.floor(this.focusIndex / this.columns)) return undefined;
    return Math.max(0, Math.min(goal, last));
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
    this.dispatchEvent(new Event("focus"));
  }

  focusCell() {
    const link = this.body.querySelector(`[data-index="${this.focusIndex}"]`);
    link?.setAttribute("tabindex", "0");
    link?.focus({ preventScroll: true });
  }

  scrollToIndex(index, where) {
    const row = Math.floor(index / this.columns) * this.rowHeight;
    // What lies over the window must not lie over what has the focus.
    const { top, bottom } = this.insets();
    const above = row - top;
    const below = row + this.cellHeight - window.innerHeight + bottom;
    const { place } = this;
    if (where === "start" || place > above) this.settle(above);
    else if (place < below) this.settle(below);
  }
}
