// What the trainer would stumble over: by how bad it is, each with its images and, where there is one, what mends it.

import { $, el, fill, icon } from "../../lib/dom.js";
import { formatNumber } from "../../lib/format.js";
import { gettext, interpolate, ngettext } from "../../lib/i18n.js";
import { countImages } from "./preview.js";

const LEVELS = {
  error: { icon: "circle-alert", count: (n) => ngettext("%(count)s error", "%(count)s errors", n), what: () => gettext("The training stops, or images are lost.") },
  warning: { icon: "triangle-alert", count: (n) => ngettext("%(count)s warning", "%(count)s warnings", n), what: () => gettext("Something else is trained than meant.") },
  hint: { icon: "info", count: (n) => ngettext("%(count)s hint", "%(count)s hints", n), what: () => gettext("Good to know.") },
};

const countOf = (level, count) => interpolate(LEVELS[level].count(count), { count: formatNumber(count) });

export class Findings {
  /** `grid` is the address of all images; `onFix(finding)` mends one; without `mayEdit` nothing that changes words. */
  constructor(root, { grid, mayEdit, onFix }) {
    Object.assign(this, { root: $("[data-findings]", root), short: $("[data-findings-short]", root), grid, mayEdit, onFix });
  }

  /** What stays the same is left as it is, and who stands on it stays there. */
  show({ findings }) {
    const shown = JSON.stringify(findings);
    if (shown === this.shown) return;
    this.shown = shown;
    const place = this.placeOfFocus();
    this.showShort(findings);
    this.write(findings);
    if (place) ($(place, this.root) ?? this.root).focus({ preventScroll: true });
  }

  /** A selector of the link or button that has the focus; `null` where it is elsewhere. */
  placeOfFocus() {
    const focused = document.activeElement;
    if (focused === this.root || !this.root.contains(focused)) return null;
    return `[data-rule="${CSS.escape(focused.closest("[data-rule]").dataset.rule)}"] ${focused.localName}`;
  }

  write(findings) {
    if (findings.length === 0) {
      fill(this.root, el("p", { class: "export-clean" }, icon("circle-check"), gettext("Nothing that this trainer would stumble over.")));
      return;
    }
    fill(this.root, Object.keys(LEVELS).map((level) => this.group(level, findings.filter((each) => each.level === level))));
  }

  group(level, findings) {
    if (findings.length === 0) return null;
    const { icon: name, what } = LEVELS[level];
    const title = countOf(level, findings.length);
    return el(
      "div",
      { class: `export-level export-level--${level}` },
      el("h3", { class: "export-level__title", title: what() }, icon(name), title),
      el("ul", { role: "list" }, findings.map((finding) => this.finding(finding))),
    );
  }

  /** How much there is of it, for a window where the findings are out of sight. */
  showShort(findings) {
    const counts = Object.keys(LEVELS).map((level) => [level, findings.filter((each) => each.level === level).length]);
    const [worst] = counts.find(([, count]) => count > 0) ?? [];
    this.short.hidden = worst === undefined;
    if (worst === undefined) return;
    const words = counts.filter(([, count]) => count > 0).map(([level, count]) => countOf(level, count));
    this.short.dataset.level = worst;
    fill(this.short, icon(LEVELS[worst].icon), el("span", { text: interpolate(gettext("Before training: %(findings)s"), { findings: words.join(", ") }) }));
  }

  finding(finding) {
    const { sentence, note, images, filter, fix, rule } = finding;
    const mends = fix && (fix.kind === "options" || this.mayEdit);
    return el(
      "li",
      { class: "export-finding", data: { rule } },
      el("p", { text: sentence }),
      note && el("p", { class: "quiet", text: note }),
      (mends || (filter !== null && images > 0)) &&
        el(
          "p",
          { class: "export-finding__ways" },
          filter !== null && images > 0 && el("a", { href: this.address(filter), text: countImages(images) }),
          mends && el("button", { class: "button", type: "button", title: fix.label, onclick: (event) => this.mend(event.currentTarget, finding) }, el("span", { class: "truncate", text: fix.label })),
        ),
    );
  }

  address(filter) {
    return filter ? `${this.grid}?${new URLSearchParams({ filter })}` : this.grid;
  }

  async mend(button, finding) {
    button.disabled = true;
    await this.onFix(finding);
    button.disabled = false;
    // What was mended is gone, and the button with it.
    if (!button.isConnected || document.activeElement === document.body) this.root.focus({ preventScroll: true });
  }

  /** `text` stands in place of the findings, `why` where they are out of sight. */
  fail(text, why) {
    this.shown = null;
    this.short.hidden = false;
    this.short.dataset.level = "error";
    fill(this.short, icon("circle-alert"), el("span", { text: why }));
    fill(this.root, el("p", { class: "quiet small", text }));
  }
}
