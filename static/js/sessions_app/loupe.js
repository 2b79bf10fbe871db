// Looking closer: fitted, every pixel, or larger, with the original where the preview has not enough of them.

import { $, el } from "../lib/dom.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { Viewport } from "./viewport.js";

const KEPT = "loupe-keeps-zoom";
const PREVIEW = 1600; // pixels of a preview's longer side
const ENOUGH = 1.25;
const SETTLE = 350;
const PAN = 80;
const NOT_SHOWN = new Set(["TIFF"]);

export class Loupe {
  /** `compare` has the keys while it is open. */
  constructor(desk, compare) {
    Object.assign(this, { desk, compare });
    this.stage = $("[data-stage]");
    this.frame = $("[data-frame]", this.stage);
    this.tools = $("[data-loupe]", this.stage);
    this.level = $("[data-zoom-level]", this.tools);
    this.keep = $("[data-keep-zoom]", this.tools);
    this.word = $("[data-loupe-word]", this.stage);
    this.image = null;
    this.original = null;
    this.tools.hidden = false;
    this.keep.setAttribute("aria-pressed", String(readKept()));
    this.keep.addEventListener("click", () => this.toggleKeep());
    this.viewport = new Viewport({ box: this.stage, frame: this.frame, onChange: () => this.changed() });
    desk.addEventListener("shown", ({ detail }) => this.shown(detail.desk.image));
  }

  actions() {
    const group = gettext("Looking closer");
    const zoomed = () => this.seen.isZoomed;
    const pan = (id, label, key, dx, dy) => ({
      id, group, label, keys: [key], when: "stage", only: zoomed, mode: "zoomed", repeats: true, run: () => this.seen.pan(dx * PAN, dy * PAN),
    });
    return [
      { id: "zoom", group, label: gettext("All of the picture, or every pixel"), keys: ["Alt+KeyZ"], run: () => this.seen.toggle() },
      { id: "zoomToo", group, label: gettext("All or every pixel, when nothing is being typed"), keys: ["KeyZ"], when: "reading", run: () => this.seen.toggle() },
      { id: "zoomIn", group, label: gettext("Larger"), keys: ["Alt+[Shift]++", "Alt+="], repeats: true, run: () => this.seen.zoomBy(1) },
      { id: "zoomOut", group, label: gettext("Smaller"), keys: ["Alt+-"], repeats: true, run: () => this.seen.zoomBy(-1) },
      { id: "zoomInToo", group, label: gettext("Larger, when nothing is being typed"), keys: ["[Shift]++", "="], when: "reading", repeats: true, run: () => this.seen.zoomBy(1) },
      { id: "zoomOutToo", group, label: gettext("Smaller, when nothing is being typed"), keys: ["-"], when: "reading", repeats: true, run: () => this.seen.zoomBy(-1) },
      pan("panLeft", gettext("Further to the left"), "ArrowLeft", 1, 0),
      pan("panRight", gettext("Further to the right"), "ArrowRight", -1, 0),
      pan("panUp", gettext("Further up"), "ArrowUp", 0, 1),
      pan("panDown", gettext("Further down"), "ArrowDown", 0, -1),
      { id: "keepZoom", group, label: gettext("Keep the zoom from picture to picture"), keys: [], run: () => this.toggleKeep() },
    ];
  }

  get seen() {
    return this.compare.viewport ?? this.viewport;
  }

  shown(image) {
    const view = this.keeps ? this.viewport.view : null;
    this.image = image;
    this.original = null;
    this.trouble("");
    this.viewport.setPicture(image);
    this.viewport.look(view);
  }

  get keeps() {
    return this.keep.getAttribute("aria-pressed") === "true";
  }

  toggleKeep() {
    this.keep.setAttribute("aria-pressed", String(!this.keeps));
    keepKept(this.keeps);
  }

  changed() {
    const { viewport } = this;
    const text = viewport.isZoomed ? interpolate(gettext("%(percent)s %"), { percent: viewport.percent }) : gettext("Fit");
    if (this.level.textContent !== text) this.level.textContent = text;
    this.stage.classList.toggle("stage--zoomed", viewport.isZoomed);
    clearTimeout(this.timer);
    if (this.image && !this.original && this.wantsOriginal) this.timer = setTimeout(() => this.fetchOriginal(), viewport.isZoomed ? 0 : SETTLE);
  }

  /** Whether the screen could show more than the preview has. */
  get wantsOriginal() {
    const { width, height } = this.image;
    const share = Math.min(1, PREVIEW / Math.max(width, height));
    if (share === 1) return false;
    if (!this.viewport.isZoomed && navigator.connection?.saveData) return false;
    return this.viewport.now * devicePixelRatio > share * (this.viewport.isZoomed ? 1.02 : ENOUGH);
  }

  async fetchOriginal() {
    const { image } = this;
    const format = image.format.toUpperCase();
    const original = (this.original = el("img", { class: "loupe__original", alt: "", draggable: "false" }));
    if (NOT_SHOWN.has(format)) {
      this.noOriginal(interpolate(gettext("Browsers do not show %(format)s files: this is the preview."), { format }));
      return;
    }
    this.stage.dataset.original = "loading";
    original.src = image.original;
    try {
      await original.decode();
    } catch {
      if (this.original === original) this.noOriginal(gettext("The original could not be shown: this is the preview."));
      return;
    }
    if (this.original !== original) return;
    this.frame.append(original);
    this.stage.dataset.original = "shown";
  }

  noOriginal(text) {
    this.trouble(this.viewport.isZoomed ? text : "");
    this.stage.dataset.original = "none";
  }

  trouble(text) {
    this.word.textContent = text;
    this.word.hidden = text === "";
    delete this.stage.dataset.original;
  }
}

function readKept() {
  try {
    return localStorage.getItem(KEPT) === "yes";
  } catch {
    return false;
  }
}

function keepKept(isKept) {
  try {
    localStorage.setItem(KEPT, isKept ? "yes" : "no");
  } catch {
    // Storage is off: it holds for this page.
  }
}
