// One picture in a box: fitted, or larger and moved about. Wheel, drag, pinch and double click change it; so do keys,
// through whoever owns it.

const MOST = 8; // times the picture's own pixels
const STEP = 1.25;
const NOT_ENLARGED = 2;

export class Viewport {
  /** `box` is what the picture is seen through, `frame` holds it. `onChange(viewport)` hears of every change. */
  constructor({ box, frame, onChange = () => {} }) {
    Object.assign(this, { box, frame, onChange });
    this.width = 1;
    this.height = 1;
    this.scale = null; // CSS pixels a pixel of the picture; null: fitted
    this.x = 0;
    this.y = 0;
    this.pointers = new Map();
    this.pointer = null;
    this.listen();
    new ResizeObserver(() => this.resized()).observe(box);
  }

  setPicture({ width, height }) {
    Object.assign(this, { width, height });
  }

  get isZoomed() {
    return this.scale !== null;
  }

  get inner() {
    const style = getComputedStyle(this.box);
    const sum = (...names) => names.reduce((total, name) => total + parseFloat(style[name]), 0);
    return {
      width: Math.max(1, this.box.clientWidth - sum("paddingLeft", "paddingRight")),
      height: Math.max(1, this.box.clientHeight - sum("paddingTop", "paddingBottom")),
    };
  }

  /** The scale at which all of the picture is seen; a small one grows to twice its size and no more. */
  get fit() {
    const { width, height } = this.inner;
    return Math.min(width / this.width, height / this.height, NOT_ENLARGED);
  }

  get actual() {
    return 1 / devicePixelRatio;
  }

  get most() {
    return Math.max(this.actual * MOST, this.fit * 4);
  }

  get now() {
    return this.scale ?? this.fit;
  }

  get percent() {
    return Math.round(this.now * devicePixelRatio * 100);
  }

  get centre() {
    return { x: this.box.clientWidth / 2, y: this.box.clientHeight / 2 };
  }

  /** Where the pointer is over the box; else its middle. */
  get point() {
    return this.pointer ?? this.centre;
  }

  /** Fitted, or every pixel of the picture on one of the screen. */
  toggle(point = this.point) {
    if (this.isZoomed) this.reset();
    // A small picture is shown with all its pixels as it is: then closer.
    else this.zoomTo(this.actual > this.fit * 1.02 ? this.actual : this.fit * 2, point);
  }

  zoomBy(steps, point = this.point) {
    this.zoomTo(this.now * STEP ** steps, point);
  }

  /** The place of the picture under the point stays under it. */
  zoomTo(scale, point = this.point) {
    const wanted = Math.min(scale, this.most);
    if (wanted <= this.fit * 1.01 && scale < this.now) {
      this.reset();
      return;
    }
    const { x, y } = this.place();
    const at = { x: (point.x - x) / this.now, y: (point.y - y) / this.now };
    this.scale = wanted;
    this.moveTo(point.x - at.x * wanted, point.y - at.y * wanted);
  }

  place() {
    if (this.isZoomed) return { x: this.x, y: this.y };
    return { x: (this.box.clientWidth - this.width * this.fit) / 2, y: (this.box.clientHeight - this.height * this.fit) / 2 };
  }

  reset() {
    this.scale = null;
    this.apply();
  }

  pan(dx, dy) {
    if (this.isZoomed) this.moveTo(this.x + dx, this.y + dy);
  }

  moveTo(x, y) {
    this.x = within(x, this.box.clientWidth, this.width * this.scale);
    this.y = within(y, this.box.clientHeight, this.height * this.scale);
    this.apply();
  }

  /** How it is looked at, for another picture: how much larger than fitted, and which part is in the middle. */
  get view() {
    if (!this.isZoomed) return null;
    const { x, y } = this.centre;
    const size = { x: this.width * this.scale, y: this.height * this.scale };
    return { zoom: this.scale / this.fit, x: (x - this.x) / size.x, y: (y - this.y) / size.y };
  }

  look(view) {
    if (view === null) {
      this.scale = null;
      this.apply({ isOwn: false });
      return;
    }
    this.scale = Math.min(this.fit * view.zoom, this.most);
    const { x, y } = this.centre;
    this.x = within(x - view.x * this.width * this.scale, this.box.clientWidth, this.width * this.scale);
    this.y = within(y - view.y * this.height * this.scale, this.box.clientHeight, this.height * this.scale);
    this.apply({ isOwn: false });
  }

  resized() {
    if (this.isZoomed) this.moveTo(this.x, this.y);
    else this.apply();
  }

  apply({ isOwn = true } = {}) {
    const { style, dataset } = this.frame;
    if (this.isZoomed) {
      style.setProperty("--shown-width", `${this.width * this.scale}px`);
      style.setProperty("--shown-height", `${this.height * this.scale}px`);
      style.setProperty("--shown-x", `${this.x}px`);
      style.setProperty("--shown-y", `${this.y}px`);
      // Pixels are to be seen as pixels where one is several of the screen's.
      dataset.zoomed = this.now * devicePixelRatio >= 2 ? "pixels" : "smooth";
    } else {
      delete dataset.zoomed;
    }
    this.onChange(this, isOwn);
  }

  // --- wheel, drag, pinch ----------------------------------------------------------------------------

  listen() {
    const { box } = this;
    box.addEventListener("wheel", (event) => this.wheeled(event), { passive: false });
    box.addEventListener("pointerdown", (event) => this.down(event));
    box.addEventListener("pointermove", (event) => this.moved(event));
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) box.addEventListener(type, (event) => this.up(event));
    box.addEventListener("pointerleave", () => {
      this.pointer = null;
    });
    box.addEventListener("dblclick", (event) => {
      if (isPicture(event)) this.toggle(this.at(event));
    });
  }

  at(event) {
    const { left, top } = this.box.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  wheeled(event) {
    // Where the page itself scrolls, a wheel alone is for that.
    const scrolls = document.documentElement.scrollHeight > innerHeight + 1;
    if (!isPicture(event) || (scrolls && !event.ctrlKey && !this.isZoomed)) return;
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1);
    // A pinch on a touchpad comes as small steps with Ctrl.
    const steps = event.ctrlKey && Math.abs(pixels) < 40 ? -pixels / 20 : -pixels / 100;
    this.zoomBy(Math.max(-3, Math.min(3, steps)), this.at(event));
  }

  down(event) {
    if (event.button !== 0 || !isPicture(event)) return;
    this.pointers.set(event.pointerId, this.at(event));
    if (this.isZoomed || this.pointers.size === 2) capture(this.box, event.pointerId);
    if (this.isZoomed) this.frame.dataset.dragged = "";
  }

  moved(event) {
    const now = this.at(event);
    if (event.pointerType !== "touch") this.pointer = now;
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    this.pointers.set(event.pointerId, now);
    if (this.pointers.size === 1) this.pan(now.x - before.x, now.y - before.y);
    else if (this.pointers.size === 2) this.pinched(event.pointerId, before, now);
  }

  pinched(id, before, now) {
    const [, other] = [...this.pointers].find(([pointer]) => pointer !== id);
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    const factor = apart(now, other) / Math.max(1, apart(before, other));
    this.zoomTo(this.now * factor, middle);
    this.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    if (this.pointers.size === 0) delete this.frame.dataset.dragged;
  }
}

/** So that a drag goes on outside of the box; a pointer that is up again has nothing to go on with. */
function capture(box, pointer) {
  try {
    box.setPointerCapture(pointer);
  } catch (error) {
    if (error.name !== "NotFoundError") throw error;
  }
}

const apart = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);
const isPicture = (event) => !event.target.closest("button, a, input, label, [data-not-picture]");

/** Keep an edge of the picture from leaving the box; one smaller than the box stands in its middle. */
const within = (offset, room, size) => (size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, offset)));
