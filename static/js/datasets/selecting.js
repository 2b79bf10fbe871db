// Selecting pictures of a grid by pointer, finger and key. What is selected is the `Selection`'s matter.

import { el } from "../lib/dom.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { formatNumber } from "../lib/format.js";
import { toast, toastError } from "../lib/toast.js";

// Dropped without asking; more of it comes back by a press.
const FEW = 20;
const DRAG_FROM = 6;
const LONG_PRESS = 480;
// Near an edge of the window a rectangle draws the page along, the faster the nearer.
const EDGE = 60;
const FASTEST = 24;

export class Selecting {
  /** `onRestore(kept)` brings back what was selected, and the filter it was selected under. */
  constructor(grid, selection, { onRestore }) {
    Object.assign(this, { grid, selection, onRestore });
    this.isTapping = false;
    this.lasso = null;
    selection.addEventListener("change", () => this.show());
    grid.addEventListener("extend", ({ detail }) => this.extend(detail));
    const { body } = grid;
    body.addEventListener("click", (event) => this.clicked(event));
    body.addEventListener("pointerdown", (event) => this.pointerDown(event));
    body.addEventListener("contextmenu", (event) => this.pressing && event.preventDefault());
    document.addEventListener("click", (event) => this.clickedBeside(event));
    this.show();
  }

  show() {
    this.grid.showSelection((id) => this.selection.has(id));
    this.grid.host.classList.toggle("grid--selecting", this.isTapping || !this.selection.isEmpty);
  }

  /** Whether a press on a picture selects it and does not open it. */
  setTapping(isTapping) {
    if (this.isTapping === isTapping) return;
    this.isTapping = isTapping;
    this.show();
    this.selection.dispatchEvent(new Event("change"));
  }

  // --- keys ----------------------------------------------------------------------------------------

  extend({ from, to, isLine }) {
    if (this.selection.anchor === null) this.selection.setAnchor(from);
    const done = isLine ? this.selection.range(to) : this.selection.block(to, this.grid.columns);
    done.catch(toastError);
  }

  toggleFocused() {
    const index = this.grid.focusIndex;
    const image = this.grid.images.at(index);
    if (image) this.selection.toggle(image.id, index);
  }

  clear() {
    this.setTapping(false);
    this.drop();
  }

  /** Clear; much of it can be brought back. */
  drop() {
    const kept = this.selection.keep();
    const { count } = this.selection;
    this.selection.clear();
    if (count > FEW) this.offerBack(kept, count);
  }

  offerBack(kept, count) {
    const words = interpolate(gettext("Selection of %(count)s cleared"), { count: formatNumber(count) });
    toast(words, { action: { label: gettext("Undo"), run: () => this.onRestore(kept) } });
  }

  // --- pointer -------------------------------------------------------------------------------------

  clicked(event) {
    if (this.hasDragged) {
      this.hasDragged = false;
      event.preventDefault();
      return;
    }
    const link = event.target.closest(".cell__link");
    if (!link || event.target.closest("button")) return;
    const index = Number(link.dataset.index);
    const image = this.grid.images.at(index);
    // What is not here yet can end a range all the same.
    if (!image && !event.shiftKey) return;
    if (this.choose(event, image, index)) {
      event.preventDefault();
      this.grid.moveTo(index);
    }
  }

  /** What a click does to the selection; `false` where it opens the picture. */
  choose(event, image, index) {
    const { selection } = this;
    if (event.shiftKey) selection.range(index).catch(toastError);
    else if (event.ctrlKey || event.metaKey || this.isTapping || this.isOnCheck(event)) selection.toggle(image.id, index);
    else if (selection.isEmpty || selection.only === image.id) return false;
    else this.replace(image, index);
    return true;
  }

  /** The disc in a picture's corner, where pointers find it. Enter has no place. */
  isOnCheck(event) {
    if (event.detail === 0) return false;
    const box = event.target.closest(".cell").getBoundingClientRect();
    const isRight = getComputedStyle(this.grid.body).direction === "rtl";
    const across = isRight ? box.right - event.clientX : event.clientX - box.left;
    return across < 36 && event.clientY - box.top < 36;
  }

  replace(image, index) {
    const kept = this.selection.keep();
    const { count } = this.selection;
    this.selection.replace(image.id, index);
    if (count > FEW) this.offerBack(kept, count);
  }

  /** A click on the ground lets go of everything. */
  clickedBeside(event) {
    if (this.selection.isEmpty || event.defaultPrevented || event.target.closest("a, button, input, select, label, summary, dialog, [data-keeps-selection], .toast, .cell")) return;
    if (!this.grid.host.contains(event.target) && event.target !== this.grid.host.parentElement) return;
    this.drop();
  }

  pointerDown(event) {
    this.hasDragged = false;
    if (event.target.closest("button")) return;
    if (event.pointerType === "touch") this.startPress(event);
    else if (event.button === 0) this.startDrag(event);
  }

  /** A finger that stays: from here on each tap selects. */
  startPress(event) {
    const cell = event.target.closest(".cell[data-image]");
    if (!cell) return;
    const from = { x: event.clientX, y: event.clientY };
    const stop = () => {
      clearTimeout(timer);
      for (const name of ["pointerup", "pointercancel"]) window.removeEventListener(name, stop);
      window.removeEventListener("pointermove", move);
      setTimeout(() => (this.pressing = false), 50);
    };
    const move = ({ clientX, clientY }) => Math.hypot(clientX - from.x, clientY - from.y) > 10 && stop();
    const timer = setTimeout(() => this.pressed(cell), LONG_PRESS);
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, stop);
    window.addEventListener("pointermove", move);
    this.pressing = true;
  }

  pressed(cell) {
    const index = this.grid.cells.indexOf(cell);
    const image = this.grid.images.at(index);
    if (!image) return;
    // The click that the finger's end makes is not another choice.
    this.hasDragged = true;
    this.setTapping(true);
    if (!this.selection.has(image.id)) this.selection.toggle(image.id, index);
    navigator.vibrate?.(10);
  }

  startDrag(event) {
    const from = { x: event.clientX, y: event.clientY };
    const begin = this.grid.pointAt(from.x, from.y);
    const move = (moved) => {
      if (!this.lasso && Math.hypot(moved.clientX - from.x, moved.clientY - from.y) < DRAG_FROM) return;
      if (!this.lasso) this.startLasso(begin, event);
      this.pointer = { x: moved.clientX, y: moved.clientY };
      this.stretch();
    };
    const stop = () => {
      window.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) window.removeEventListener(name, stop);
      if (this.lasso) this.endLasso();
    };
    window.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, stop);
  }

  // --- the rectangle -------------------------------------------------------------------------------

  startLasso(begin, event) {
    const adds = event.ctrlKey || event.metaKey || event.shiftKey || this.isTapping;
    if (!adds) this.drop();
    this.selection.setAnchor(null);
    this.lasso = { begin, element: el("div", { class: "grid__lasso", "aria-hidden": "true" }), last: "" };
    this.hasDragged = true;
    this.grid.body.append(this.lasso.element);
    getSelection()?.removeAllRanges();
    this.creep();
  }

  stretch() {
    const { begin, element } = this.lasso;
    const end = this.grid.pointAt(this.pointer.x, this.pointer.y);
    const [left, right] = [begin.x, end.x].sort((a, b) => a - b);
    const [top, bottom] = [begin.y, end.y].sort((a, b) => a - b);
    element.style.transform = `translate(${left}px, ${top - this.grid.map.shift}px)`;
    element.style.width = `${right - left}px`;
    element.style.height = `${bottom - top}px`;
    this.selectWithin(left, right, top, bottom);
  }

  selectWithin(left, right, top, bottom) {
    const { columns, rowCount, rowHeight, cellWidth, gap, body } = this.grid;
    const column = (x) => Math.max(0, Math.min(columns - 1, Math.floor(x / (cellWidth + gap))));
    const row = (y) => Math.max(0, Math.min(rowCount - 1, Math.floor(y / rowHeight)));
    const isRight = getComputedStyle(body).direction === "rtl";
    const sides = isRight ? [column(body.clientWidth - right), column(body.clientWidth - left)] : [column(left), column(right)];
    const rows = [row(top), row(bottom)];
    const key = [...rows, ...sides].join();
    if (key === this.lasso.last) return;
    this.lasso.last = key;
    this.selection.rows(rows, sides, columns).catch(toastError);
  }

  /** Near an edge the page goes along, for as long as the pointer is there. */
  creep() {
    const step = () => {
      if (!this.lasso) return;
      const { top, bottom } = this.grid.insets();
      const over = (distance) => Math.max(0, Math.min(1, (EDGE - distance) / EDGE));
      const by = this.pointer ? over(window.innerHeight - bottom - this.pointer.y) - over(this.pointer.y - top) : 0;
      if (by !== 0) {
        window.scrollBy({ top: by * FASTEST });
        this.stretch();
      }
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  endLasso() {
    this.lasso.element.remove();
    this.lasso = null;
    this.pointer = null;
    this.selection.setAnchor(null);
    // The click that ends a drag follows at once.
    setTimeout(() => (this.hasDragged = false), 0);
  }
}
