// What the trainer would stumble over: by how bad it is, each with its images and, where there is one, what mends it.

import { $, el, fill, icon } from "../../lib/dom.js";
import { gettext, interpolate, ngettext } from "../../lib/i18n.js";
import { countImages } from "./preview.js";

const LEVELS = {
  error: { icon: "circle-alert", count: (n) => ngettext("%(count)s error", "%(count)s errors", n), what: () => gettext("The training stops, or images are lost.") },
  warning: { icon: "triangle-alert", count: (n) => ngettext("%(count)s warning", "%(count)s warnings", n), what: () => gettext("Something else is trained than meant.") },
  hint: { icon: "info", count: (n) => ngettext("%(count)s hint", "%(count)s hints", n), what: () => gettext("Good to know.") },
};

export class Findings {
  /** `grid` is the address of all images; `onFix(finding)` mends one; without `mayEdit` nothing that changes words. */
  constructor(root, { grid, mayEdit, onFix }) {
    Object.assign(this, { root: $("[data-findings]", root), grid, mayEdit, onFix });
  }

  show({ findings }) {
    if (findings.length === 0) {
      fill(this.root, el("p", { class: "export-clean" }, icon("circle-check"), gettext("Nothing that this trainer would stumble over.")));
      return;
    }
    fill(this.root, Object.keys(LEVELS).map((level) => this.group(level, findings.filter((each) => each.level === level))));
  }

  group(level, findings) {
    if (findings.length === 0) return null;
    const { icon: name, count, what } = LEVELS[level];
    const title = interpolate(count(findings.length), { count: findings.length });
    return el(
      "div",
      { class: `export-level export-level--${level}` },
      el("h3", { class: "export-level__title", title: what() }, icon(name), title),
      el("ul", { role: "list" }, findings.map((finding) => this.finding(finding))),
    );
  }

  finding(finding) {
    const { sentence, images, filter, fix, rule } = finding;
    const mends = fix && (fix.kind === "options" || this.mayEdit);
    return el(
      "li",
      { class: "export-finding", data: { rule } },
      el("p", { text: sentence }),
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

  fail(text) {
    fill(this.root, el("p", { class: "quiet small", text }));
  }
}
