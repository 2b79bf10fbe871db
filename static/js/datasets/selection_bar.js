// The bar that is there while something is selected: how much, what else could be, and what can be done with it.

import { $, $$, throttle } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { startMenu } from "./look_at.js";

const SAY_EVERY = 700;

export class SelectionBar {
  constructor(page) {
    this.page = page;
    this.root = $("[data-selection-bar]");
    this.count = $("[data-selection-count]", this.root);
    this.tapping = $("[data-action=tapping]");
    this.say = throttle((text) => page.announce(text), SAY_EVERY);
    const more = $("[data-bulk-more]", this.root);
    if (more) {
      startMenu(more);
      for (const button of $$("button", more)) button.addEventListener("click", () => (more.open = false));
    }
    page.selection.addEventListener("change", () => this.show());
    page.addEventListener("changed", () => this.show());
    page.addEventListener("leave", () => (this.root.hidden = true));
  }

  show() {
    const { selection, selecting, images } = this.page;
    const { count } = selection;
    const isShown = count > 0 || selecting.isTapping;
    const wasShown = !this.root.hidden;
    this.root.hidden = !isShown;
    document.body.classList.toggle("has-selection", isShown);
    this.tapping?.setAttribute("aria-pressed", String(selecting.isTapping));
    const text = selectedText(count, images.total);
    this.count.textContent = text;
    for (const button of $$("[data-selection-deeds] button", this.root)) button.toggleAttribute("disabled", count === 0);
    if (isShown || wasShown) this.say(count > 0 ? text : gettext("Nothing selected"));
    // What had the focus went with the bar.
    if (wasShown && !isShown && this.root.contains(document.activeElement)) this.page.grid.focusCell();
  }
}

/** "12 of 340 selected". */
export function selectedText(count, total) {
  if (count === 0) return gettext("Select pictures by clicking");
  const words = ngettext("%(count)s of %(total)s selected", "%(count)s of %(total)s selected", count);
  return interpolate(words, { count: formatNumber(count), total: formatNumber(Math.max(count, total)) });
}
