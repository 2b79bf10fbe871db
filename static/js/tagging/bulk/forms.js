// What can be done to many pictures: the fields of each action, and the words of the API that they make.

import { el, fill, icon } from "../../lib/dom.js";
import { gettext, interpolate } from "../../lib/i18n.js";
import { TagField } from "./tag_field.js";

const text = (name, label, more = {}) => {
  const input = el("input", { class: "input bulk__pattern", type: "text", name, autocomplete: "off", spellcheck: "false", maxlength: "1000", ...more });
  return { input, root: el("label", { class: "field" }, el("span", { class: "field__label", text: label }), input) };
};

const notify = (target) => target.dispatchEvent(new Event("change"));

/** A form tells `change`; `action` is what it asks for, `null` while something is missing. */
class Form extends EventTarget {
  take() {}

  focus() {
    this.root.querySelector("input, select, button")?.focus();
  }
}

/** Where new tags come: in front, behind all, behind one of them. */
class Place {
  constructor(form, find) {
    this.select = el(
      "select",
      { class: "finder__select", "aria-label": gettext("Where they come") },
      el("option", { value: "end", text: gettext("behind all others") }),
      el("option", { value: "front", text: gettext("in front of all others") }),
      el("option", { value: "after", text: gettext("behind a certain tag") }),
    );
    this.after = new TagField({ label: gettext("Behind which tag"), find, most: 1 });
    this.after.root.hidden = true;
    this.root = el("div", { class: "bulk__place" }, el("label", { class: "field" }, el("span", { class: "field__label", text: gettext("Where") }), this.select), this.after.root);
    this.select.addEventListener("change", () => {
      this.after.root.hidden = this.select.value !== "after";
      notify(form);
    });
    this.after.addEventListener("change", () => notify(form));
  }

  get isWhole() {
    return this.select.value !== "after" || this.after.tags.length > 0;
  }

  get words() {
    return { place: this.select.value, after: this.select.value === "after" ? this.after.tags[0] : "" };
  }
}

class AddForm extends Form {
  constructor({ find, findThere }) {
    super();
    this.field = new TagField({ label: gettext("Tags to add"), find });
    this.place = new Place(this, findThere);
    this.root = el("div", { class: "stack" }, this.field.root, this.place.root);
    this.field.addEventListener("change", () => notify(this));
  }

  take({ tags = [] }) {
    this.field.set(tags);
  }

  get action() {
    return this.field.tags.length > 0 && this.place.isWhole ? { kind: "add", tags: this.field.tags, ...this.place.words } : null;
  }
}

class RemoveForm extends Form {
  constructor({ findThere }) {
    super();
    this.field = new TagField({ label: gettext("Tags to remove"), find: findThere });
    this.root = this.field.root;
    this.field.addEventListener("change", () => notify(this));
  }

  take({ tags = [] }) {
    this.field.set(tags);
  }

  get action() {
    return this.field.tags.length > 0 ? { kind: "remove", tags: this.field.tags } : null;
  }
}

class ReplaceForm extends Form {
  constructor({ find, findThere }) {
    super();
    this.old = new TagField({ label: gettext("Tags that go"), find: findThere });
    this.fresh = new TagField({ label: gettext("Tags that come in their place"), find });
    this.root = el("div", { class: "bulk__pair" }, this.old.root, this.fresh.root);
    for (const field of [this.old, this.fresh]) field.addEventListener("change", () => notify(this));
  }

  take({ tags = [] }) {
    this.old.set(tags);
    this.fresh.set([]);
  }

  get action() {
    const isWhole = this.old.tags.length > 0 && this.fresh.tags.length > 0;
    return isWhole ? { kind: "replace", tags: this.old.tags, with: this.fresh.tags } : null;
  }
}

class CaptionForm extends Form {
  constructor() {
    super();
    this.pattern = text("pattern", gettext("Look for (a regular expression)"), { placeholder: "\\bcat\\b" });
    this.replacement = text("replacement", gettext("Put in its place; \\1 is the first bracket"));
    this.root = el("div", { class: "bulk__pair" }, this.pattern.root, this.replacement.root);
    this.root.addEventListener("input", () => notify(this));
  }

  get action() {
    const pattern = this.pattern.input.value;
    return pattern === "" ? null : { kind: "caption", pattern, replacement: this.replacement.input.value };
  }
}

/** The categories that there are on these pictures, in the order in which tags are to stand. */
class SortForm extends Form {
  constructor() {
    super();
    this.names = [];
    this.list = el("ol", { class: "bulk__order", "aria-label": gettext("Order of the categories") });
    this.root = el("div", { class: "field" }, el("p", { class: "field__label", text: gettext("Which category comes first") }), this.list);
    this.list.addEventListener("click", (event) => this.moved(event.target.closest("[data-step]")));
  }

  take({ shared = null }) {
    if (!shared) return;
    const there = [...new Set(shared.tags.map((tag) => tag.category))];
    this.names = [...this.names.filter((name) => there.includes(name)), ...there.filter((name) => !this.names.includes(name))];
    this.render();
    notify(this);
  }

  render() {
    fill(this.list, this.names.map((name, index) => this.row(name, index)));
  }

  row(name, index) {
    const shown = name || gettext("without a category");
    const button = (step, words, drawing, isOff) => {
      const label = interpolate(words, { name: shown });
      return el("button", { class: "button button--quiet button--icon", type: "button", "aria-label": label, title: label, disabled: isOff, data: { step, index } }, icon(drawing));
    };
    return el(
      "li",
      { class: "bulk__order-row" },
      el("bdi", { text: shown }),
      button(-1, gettext("Move %(name)s up"), "arrow-up", index === 0),
      button(1, gettext("Move %(name)s down"), "arrow-down", index === this.names.length - 1),
    );
  }

  moved(button) {
    if (!button) return;
    const from = Number(button.dataset.index);
    const to = from + Number(button.dataset.step);
    const [name] = this.names.splice(from, 1);
    this.names.splice(to, 0, name);
    this.render();
    const row = this.list.children[to];
    (row.querySelector(`[data-step="${button.dataset.step}"]:not(:disabled)`) ?? row.querySelector("button:not(:disabled)"))?.focus();
    notify(this);
  }

  get action() {
    return this.names.length > 0 ? { kind: "sort", categories: this.names } : null;
  }
}

class DeduplicateForm extends Form {
  constructor() {
    super();
    this.root = el("p", { class: "quiet", text: gettext("Of tags that mean the same, such as “Blue Sky” and “blue_sky”, the first one stays.") });
  }

  get action() {
    return { kind: "deduplicate" };
  }
}

class CopyForm extends Form {
  constructor({ findThere }) {
    super();
    this.from = null;
    this.line = el("p", {});
    this.place = new Place(this, findThere);
    this.root = el("div", { class: "stack" }, this.line, this.place.root);
  }

  take({ from }) {
    if (from) this.from = from;
    const words = gettext("The tags of %(name)s: %(tags)s");
    this.line.textContent = this.from
      ? interpolate(words, { name: this.from.name, tags: this.from.tags.join(", ") })
      : gettext("Copy the tags of a picture first: put the focus on it, and press Ctrl C.");
  }

  get action() {
    return this.from && this.place.isWhole ? { kind: "copy", from_image: this.from.id, ...this.place.words } : null;
  }
}

export const FORMS = {
  add: AddForm,
  remove: RemoveForm,
  replace: ReplaceForm,
  caption: CaptionForm,
  sort: SortForm,
  deduplicate: DeduplicateForm,
  copy: CopyForm,
};
