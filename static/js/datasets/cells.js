// One picture of the grid: few elements, because hundreds of them are there at once.

import { el } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { flagWords } from "./flags.js";
import { markKind, stateMark, stateWord } from "./state_marks.js";

/** Draws cells; `list` is the grid, which knows the measures, who is where, and what is selected. */
export class Cells {
  constructor(list) {
    this.list = list;
  }

  make(index) {
    const { images, columns } = this.list;
    const image = images.at(index);
    const facts = { role: "gridcell", "aria-colindex": (index % columns) + 1 };
    if (!image) return el("div", { ...facts, class: "cell cell--empty" }, this.emptyLink(index));
    const isSelected = this.list.isSelected(image.id);
    const cell = el("div", { ...facts, class: "cell", "aria-selected": String(isSelected), data: { image: image.id } }, this.link(image, index));
    cell.dataset.shows = this.keyOf(image, index);
    return cell;
  }

  emptyLink(index) {
    return el("a", { class: "cell__link", tabindex: this.tabindex(index), data: { index }, "aria-label": gettext("loading") });
  }

  tabindex(index) {
    return index === this.list.focusIndex ? "0" : "-1";
  }

  link(image, index) {
    const { addressOf, onDelete, isSmall } = this.list;
    return el(
      "a",
      {
        class: "cell__link",
        href: addressOf(image.id, index),
        title: image.name,
        tabindex: this.tabindex(index),
        draggable: "false",
        data: { index, number: formatNumber(index + 1) },
        "data-mark": this.smallMark(image),
        "aria-label": this.label(image, index),
        "aria-keyshortcuts": onDelete && "Delete",
      },
      this.picture(image),
      // Small pictures have no room for it; the title has it.
      !isSmall && el("bdi", { class: "cell__name", text: image.name }),
      image.flags.length > 0 && el("span", { class: "cell__flag", title: flagWords(image).join(", ") }),
      this.mark(image),
      this.faces(image),
    );
  }

  /** How far it is; on small pictures, of which there are many, drawn on the link itself. */
  mark(image) {
    return this.list.isSmall ? null : stateMark(image);
  }

  smallMark(image) {
    return this.list.isSmall ? markKind(image) : null;
  }

  label(image, index) {
    const words = { name: image.name, number: formatNumber(index + 1), total: formatNumber(this.list.images.total) };
    const label = image.tagged
      ? gettext("%(name)s, %(number)s of %(total)s, tagged")
      : gettext("%(name)s, %(number)s of %(total)s, not tagged");
    const here = this.peopleOn(image).map((one) => interpolate(gettext("%(name)s is here"), { name: one.name }));
    return [interpolate(label, words), stateWord(image), ...flagWords(image), ...here].filter(Boolean).join(", ");
  }

  peopleOn(image) {
    return this.list.people.get(image.id) ?? [];
  }

  /** The first two who are on an image; all are in its name. */
  faces(image) {
    const people = this.peopleOn(image);
    if (people.length === 0) return null;
    const face = (one) => el("span", { class: `avatar avatar--${one.colour}`, title: one.name, text: one.initials });
    return el("span", { class: "cell__people", "aria-hidden": "true" }, people.slice(0, 2).map(face));
  }

  picture(image) {
    const { slotWidth, slotHeight } = this.list;
    const picture = el("img", { class: "cell__image", alt: "", decoding: "async", draggable: "false" });
    // Its place and its mean colour are there before its bytes are: nothing jumps, nothing flashes.
    const scale = Math.min(slotWidth / image.width, slotHeight / image.height);
    picture.style.width = `${Math.max(1, Math.round(image.width * scale))}px`;
    picture.style.height = `${Math.max(1, Math.round(image.height * scale))}px`;
    picture.style.backgroundColor = image.colour;
    picture.addEventListener("load", () => picture.style.removeProperty("background-color"), { once: true });
    // Without a source its colour stays, where a broken picture's sign would stand.
    picture.addEventListener("error", () => picture.removeAttribute("src"), { once: true });
    picture.src = image.thumbnail;
    return picture;
  }

  /** What a cell shows, as far as it can change while its picture stays. */
  keyOf(image, index) {
    const people = this.peopleOn(image).map((one) => [one.name, one.initials, one.colour]);
    return JSON.stringify([this.label(image, index), image.state, image.tagged, people]);
  }

  /** Bring what is drawn for a place up to date; returns the cell, another one where another picture is there by now. */
  update(cell, index) {
    const image = this.list.images.at(index);
    if (cell.dataset.image !== (image ? String(image.id) : undefined) || this.indexOf(cell) !== index) return this.renew(cell, index);
    if (image && cell.dataset.shows !== this.keyOf(image, index)) this.rewrite(cell, image, index);
    return cell;
  }

  indexOf(cell) {
    return Number(cell.firstElementChild.dataset.index);
  }

  renew(cell, index) {
    const fresh = this.make(index);
    cell.replaceWith(fresh);
    return fresh;
  }

  /** Write the marks anew; the picture, and the focus, stay. */
  rewrite(cell, image, index) {
    const link = cell.firstElementChild;
    link.setAttribute("aria-label", this.label(image, index));
    for (const old of link.querySelectorAll(".cell__mark, .cell__state, .cell__people")) old.remove();
    link.append(...[this.mark(image), this.faces(image)].filter(Boolean));
    if (this.list.isSmall) link.dataset.mark = markKind(image) ?? "";
    cell.dataset.shows = this.keyOf(image, index);
  }
}
