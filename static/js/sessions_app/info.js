// What is known of the picture's file, to be read and copied.

import { $, el, fill } from "../lib/dom.js";
import { formatBytes } from "../lib/format.js";
import { gettext, interpolate, language } from "../lib/i18n.js";
import { flagWords } from "../datasets/flags.js";

const KEPT = "info-open";
const megapixels = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
const ratio = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

export class Info {
  constructor(desk) {
    this.root = $("[data-info]");
    this.list = $("[data-info-list]", this.root);
    $("[data-info-close]", this.root).addEventListener("click", () => this.toggle(false));
    desk.addEventListener("shown", ({ detail }) => this.show(detail.desk.image));
    if (readKept()) this.toggle(true);
  }

  actions() {
    const group = gettext("Looking closer");
    return [
      { id: "info", group, label: gettext("About the picture's file"), keys: ["Alt+KeyI"], run: () => this.toggle() },
      { id: "infoToo", group, label: gettext("About the file, when nothing is being typed"), keys: ["KeyI"], when: "reading", run: () => this.toggle() },
    ];
  }

  toggle(isOpen = this.root.hidden) {
    this.root.hidden = !isOpen;
    document.querySelector("[data-action=info]")?.setAttribute("aria-pressed", String(isOpen));
    try {
      localStorage.setItem(KEPT, isOpen ? "yes" : "no");
    } catch {
      // Storage is off: it holds for this page.
    }
  }

  show(image) {
    const rows = factsOf(image).filter(([, value]) => value !== "");
    fill(this.list, rows.map(([name, value]) => el("div", { class: "info__row" }, el("dt", { text: name }), el("dd", {}, el("bdi", { text: value })))));
  }
}

function factsOf(image) {
  const { name, folder, width, height, format, byte_size: bytes, added_at: added } = image;
  const pixels = interpolate(gettext("%(number)s megapixels"), { number: megapixels.format((width * height) / 1e6) });
  return [
    [gettext("Name"), name],
    [gettext("Folder"), folder],
    [gettext("Size"), `${width} × ${height}`],
    [gettext("Pixels"), pixels],
    [gettext("Shape"), shapeOf(width, height)],
    [gettext("Format"), format],
    [gettext("File"), formatBytes(bytes)],
    [gettext("Marks"), flagWords(image).join(", ")],
    [gettext("Added"), moment.format(new Date(added))],
  ];
}

/** "3:2 (1.5)"; the short form only where it says more than the numbers themselves. */
function shapeOf(width, height) {
  const divisor = greatest(width, height);
  const [across, down] = [width / divisor, height / divisor];
  const number = ratio.format(width / height);
  return Math.max(across, down) <= 32 ? `${across}:${down} (${number})` : `${number}:1`;
}

const greatest = (a, b) => (b === 0 ? a : greatest(b, a % b));

function readKept() {
  try {
    return localStorage.getItem(KEPT) === "yes";
  } catch {
    return false;
  }
}
