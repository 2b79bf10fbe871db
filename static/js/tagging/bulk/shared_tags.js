// The tags of what is selected: on all of it, or on some. A press adds one to all, or
// removes it.

import { $, el, fill, icon } from "../../lib/dom.js";
import { formatNumber } from "../../lib/format.js";
import { gettext, interpolate, ngettext } from "../../lib/i18n.js";

const SHOWN = 40;

export class SharedTags {
  /** `onPick(tag, deed)` hears what to do about a tag: "add" or "remove". */
  constructor(root, onPick) {
    Object.assign(this, { root, onPick });
    this.list = $("[data-shared-list]", root);
    this.line = $("[data-shared-line]", root);
    this.find = $("[data-shared-find]", root);
    this.list.addEventListener("click", (event) => this.clicked(event.target.closest("[data-deed]")));
    this.find.addEventListener("input", () => this.render());
    this.take({ images: 0, tags: [] });
  }

  take({ images, tags }) {
    Object.assign(this, { images, tags });
    this.find.value = "";
    this.find.hidden = tags.length <= SHOWN;
    this.render();
  }

  fail(text) {
    this.line.textContent = text;
  }

  render() {
    const text = this.find.value.trim().toLocaleLowerCase();
    const found = this.tags.filter((tag) => tag.name.toLocaleLowerCase().includes(text));
    fill(this.list, found.slice(0, SHOWN).map((tag) => this.chip(tag)));
    const more = found.length - SHOWN;
    if (this.tags.length === 0) this.line.textContent = gettext("They have no tags yet.");
    else if (more > 0) this.line.textContent = interpolate(ngettext("and %(count)s more tag", "and %(count)s more tags", more), { count: formatNumber(more) });
    else this.line.textContent = "";
  }

  chip({ name, category, colour, count }) {
    const isOnAll = count >= this.images;
    const words = isOnAll ? gettext("all") : formatNumber(count);
    const spoken = isOnAll ? gettext("on all") : interpolate(gettext("on %(count)s of %(total)s"), { count: formatNumber(count), total: formatNumber(this.images) });
    return el(
      "li",
      { class: `shared-tag${isOnAll ? " shared-tag--all" : ""}`, title: category ? `${name} (${category})` : name, data: { name, colour: colour || null } },
      el("span", { class: "shared-tag__sign", "aria-hidden": "true" }),
      el("bdi", { class: "shared-tag__name", text: name }),
      el("span", { class: "shared-tag__count numbers", text: words, "aria-hidden": "true" }),
      el("span", { class: "visually-hidden", text: spoken }),
      !isOnAll && this.button("add", interpolate(gettext("Add %(name)s to all"), { name }), "plus"),
      this.button("remove", interpolate(gettext("Remove %(name)s"), { name }), "minus"),
    );
  }

  button(deed, label, drawing) {
    return el("button", { class: "chip__remove", type: "button", "aria-label": label, title: label, data: { deed } }, icon(drawing));
  }

  clicked(button) {
    const chip = button?.closest("[data-name]");
    if (chip) this.onPick(chip.dataset.name, button.dataset.deed);
  }
}
