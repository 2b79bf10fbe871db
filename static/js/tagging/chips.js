// The tags of an image as chips in order: removed, moved by dragging (SortableJS), by key and by button.

import Sortable from "../../vendor/sortablejs/sortable.esm.js";
import { el, fill, icon } from "../lib/dom.js";
import { gettext, interpolate } from "../lib/i18n.js";

/** What is said of a tag that a rule put there; empty of others. */
export function ruleWords({ source, implied_by: impliedBy = [] } = {}) {
  if (source !== "RULE") return "";
  if (impliedBy.length === 0) return gettext("added by a rule");
  return interpolate(gettext("implied by %(names)s"), { names: impliedBy.join(", ") });
}

const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

export class Chips {
  /**
   * `onRemove(name)` removes a tag, and returns `false` where it asks first; `categoryOf(name)` gives {category, colour}
   * of a tag that the server did not tell of yet.
   */
  constructor({ root, onRemove, onMove, onLeave, categoryOf, announce }) {
    Object.assign(this, { onRemove, onMove, onLeave, categoryOf, announce });
    this.list = root.querySelector("[data-chips]");
    this.count = root.querySelector("[data-tag-count]");
    this.empty = root.querySelector("[data-chips-empty]");
    this.tools = root.querySelector("[data-chip-tools]");
    this.names = [];
    this.tags = new Map();
    this.byName = new Map();
    this.current = null;
    this.list.replaceChildren();
    this.list.addEventListener("keydown", (event) => this.pressed(event));
    this.list.addEventListener("click", (event) => this.clicked(event));
    this.list.addEventListener("focusin", (event) => this.select(event.target.closest(".chip")?.dataset.name));
    root.addEventListener("focusout", (event) => this.left(root, event));
    this.tools.addEventListener("click", (event) => this.toolPressed(event.target.closest("[data-move]")));
    this.makeSortable();
  }

  makeSortable() {
    this.sortable = Sortable.create(this.list, {
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 130,
      draggable: ".chip",
      filter: ".chip__remove",
      preventOnFilter: false,
      // The browser's own dragging starts on no button in Firefox, and shows a picture of its own.
      forceFallback: true,
      fallbackOnBody: true,
      fallbackTolerance: 4,
      // Chips differ in width: near an edge two would change places back and forth.
      swapThreshold: 0.6,
      // A finger that scrolls must not drag.
      delay: 180,
      delayOnTouchOnly: true,
      ghostClass: "chip--gap",
      fallbackClass: "chip--dragging",
      onStart: () => {
        this.isDragging = true;
      },
      onEnd: (event) => this.dropped(event.item),
    });
  }

  dropped(chip) {
    this.isDragging = false;
    const before = chip.nextElementSibling?.dataset.name ?? null;
    this.onMove(chip.dataset.name, before);
    this.render(this.latest);
    this.sayPlace(chip.dataset.name);
  }

  render(tags) {
    this.latest = tags;
    // A drag holds on to the elements; what came meanwhile is shown when it ends.
    if (this.isDragging) return;
    const focused = document.activeElement;
    const hadFocus = this.list.contains(focused);
    const hadTools = this.tools.contains(focused);
    this.names = tags.map((tag) => tag.name);
    this.tags = new Map(tags.map((tag) => [tag.name, tag]));
    for (const [name, chip] of this.byName) {
      if (this.names.includes(name)) continue;
      chip.remove();
      this.byName.delete(name);
    }
    this.names.forEach((name, index) => this.place(name, index));
    tags.forEach((tag) => this.categorise(tag));
    // An element that changes its place in the document loses the focus.
    if (hadFocus && focused.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
    this.count.textContent = String(this.names.length);
    this.empty.hidden = this.names.length > 0;
    if (!this.names.includes(this.current)) this.current = null;
    this.rove();
    this.showTools();
    // Somebody else took the tag away that one was on: the keys go to where one writes.
    const isLost = (hadFocus && !focused.isConnected) || (hadTools && this.tools.hidden);
    if (isLost && !this.isRemoving) this.onLeave();
  }

  place(name, index) {
    if (!this.byName.has(name)) this.byName.set(name, this.make(name));
    const chip = this.byName.get(name);
    if (this.list.children[index] !== chip) this.list.insertBefore(chip, this.list.children[index] ?? null);
    chip.firstElementChild.setAttribute("aria-label", this.described(name, index));
    this.markRule(chip, name);
  }

  described(name, index) {
    const place = { name, number: index + 1, total: this.names.length };
    const words = interpolate(gettext("%(name)s, %(number)s of %(total)s"), place);
    const rule = ruleWords(this.tags.get(name));
    return rule ? `${words}, ${rule}` : words;
  }

  /** A tag that nobody put there has a mark, and says what it follows from. */
  markRule(chip, name) {
    const rule = ruleWords(this.tags.get(name));
    chip.classList.toggle("chip--rule", rule !== "");
    const mark = chip.querySelector(".chip__rule");
    if (rule && !mark) chip.firstElementChild.after(el("span", { class: "chip__rule" }, icon("corner-down-right")));
    if (!rule) mark?.remove();
  }

  make(name) {
    const remove = interpolate(gettext("Remove %(name)s"), { name });
    return el(
      "li",
      { class: "chip", data: { name } },
      el("button", { class: "chip__text chip__name", type: "button", tabindex: "-1", title: name }, el("bdi", { text: name })),
      el("button", { class: "chip__remove", type: "button", tabindex: "-1", "aria-label": remove, title: remove }, icon("x")),
    );
  }

  /** By colour on its edge, and by word in its title, which is its description too. */
  categorise({ name, category, colour }) {
    const known = category === undefined ? this.categoryOf(name) : { category, colour };
    const chip = this.byName.get(name);
    chip.dataset.category = known.category;
    chip.dataset.colour = known.colour;
    const rule = ruleWords(this.tags.get(name));
    const words = known.category ? `${name} (${known.category})` : name;
    chip.firstElementChild.title = rule ? `${words}: ${rule}` : words;
  }

  /** One chip is in the tab order; the arrows go on from there. */
  rove() {
    const stop = this.current ?? this.names[0];
    for (const [name, chip] of this.byName) chip.firstElementChild.tabIndex = name === stop ? 0 : -1;
  }

  select(name) {
    if (!name) return;
    this.current = name;
    this.rove();
    this.showTools();
  }

  left(root, event) {
    if (event.relatedTarget && root.contains(event.relatedTarget)) return;
    this.tools.hidden = true;
  }

  showTools() {
    const isIn = this.list.contains(document.activeElement) || this.tools.contains(document.activeElement);
    this.tools.hidden = this.current === null || !isIn;
    if (this.tools.hidden) return;
    const at = this.names.indexOf(this.current);
    const place = interpolate(gettext("%(number)s of %(total)s"), { number: at + 1, total: this.names.length });
    const { category, colour } = this.byName.get(this.current).dataset;
    const word = category !== "" && [" · ", el("span", { class: "category", data: { colour }, text: category })];
    const rule = ruleWords(this.tags.get(this.current));
    fill(
      this.tools.querySelector("[data-chip-tools-text]"),
      el("bdi", { class: "truncate", text: this.current }),
      el("span", { class: "chip-tools__facts truncate" }, place, word, rule && ` · ${rule}`),
    );
    this.tools.querySelector("[data-move=earlier]").disabled = at === 0;
    this.tools.querySelector("[data-move=later]").disabled = at === this.names.length - 1;
  }

  clicked(event) {
    const chip = event.target.closest(".chip");
    if (chip && event.target.closest(".chip__remove")) this.remove(chip.dataset.name, { toBox: true });
  }

  toolPressed(button) {
    if (!button || this.current === null) return;
    if (button.dataset.move === "remove") this.remove(this.current);
    else this.shift(this.current, button.dataset.move === "earlier" ? -1 : 1);
    if (button.disabled) this.focus(this.current);
  }

  pressed(event) {
    const name = event.target.closest(".chip")?.dataset.name;
    if (!name || event.ctrlKey || event.metaKey) return;
    const step = STEPS[event.key];
    const isVertical = event.key === "ArrowUp" || event.key === "ArrowDown";
    if (step && event.altKey && (event.shiftKey || isVertical)) this.shift(name, step);
    else if (event.altKey) return;
    else if (step) this.focus(this.names[this.names.indexOf(name) + step] ?? name);
    else if (event.key === "Home") this.focus(this.names[0]);
    else if (event.key === "End") this.focus(this.names.at(-1));
    else if (event.key === "Delete" || event.key === "Backspace") this.remove(name);
    else if (event.key === "Escape") this.onLeave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  shift(name, step) {
    const at = this.names.indexOf(name);
    const to = at + step;
    if (to < 0 || to >= this.names.length) return;
    const rest = this.names.filter((other) => other !== name);
    this.onMove(name, rest[to] ?? null);
    this.sayPlace(name);
  }

  sayPlace(name) {
    const at = this.names.indexOf(name);
    if (at < 0) return;
    const place = { name, number: at + 1, total: this.names.length };
    this.announce(interpolate(gettext("%(name)s, %(number)s of %(total)s"), place));
  }

  remove(name, { toBox = false } = {}) {
    const at = this.names.indexOf(name);
    this.isRemoving = true;
    const isAsked = this.onRemove(name) === false;
    this.isRemoving = false;
    // The question has the focus now.
    if (isAsked) return;
    const next = this.names[Math.min(at, this.names.length - 1)];
    if (toBox || next === undefined) this.onLeave();
    else this.focus(next);
  }

  /** The chip that one is on, or on whose tools; `null` for none. */
  get focused() {
    return document.activeElement?.closest("[data-chips], [data-chip-tools]") ? this.current : null;
  }

  focus(name) {
    this.byName.get(name)?.firstElementChild.focus();
  }

  get last() {
    return this.names.at(-1) ?? null;
  }

  /** Set the chip off that the next Backspace removes; `null` for none. */
  arm(name) {
    for (const [other, chip] of this.byName) chip.classList.toggle("chip--selected", other === name);
    if (name) this.byName.get(name).scrollIntoView({ block: "nearest" });
  }

  /** Bring a chip into sight; at once, as a glide would lag behind typing. */
  reveal(name) {
    this.byName.get(name)?.scrollIntoView({ block: "nearest" });
  }

  /** Set off a chip that somebody else brought; it is not scrolled to, as nobody here asked for it. */
  mark(name) {
    const chip = this.byName.get(name);
    if (!chip) return;
    chip.classList.add("chip--arrived");
    setTimeout(() => chip.classList.remove("chip--arrived"), 2500);
  }

  /** Show which chip a tag that was typed again already has. */
  flash(name) {
    const chip = this.byName.get(name);
    if (!chip) return;
    this.reveal(name);
    chip.classList.remove("chip--flash");
    void chip.offsetWidth; // starts the animation anew
    chip.classList.add("chip--flash");
  }
}
