// In the grid: what is selected, or what the filter finds, is exported on its own.

import { $, $$ } from "../lib/dom.js";
import { gettext } from "../lib/i18n.js";
import { toast, toastError } from "../lib/toast.js";
import { handOver } from "../tagging/export/kept.js";

export class ExportOfSelection {
  constructor(page) {
    this.page = page;
    page.addEventListener("query", () => this.markLinks());
  }

  actions() {
    const can = () => !this.page.selection.isEmpty;
    const run = () => can() && this.open().catch(toastError);
    return [{ id: "exportSelected", group: gettext("On what is selected"), label: gettext("Export what is selected…"), keys: ["KeyE"], when: "reading", mode: "grid", can, run }];
  }

  /** All that a filter finds are said by the filter: they stay the same where the page is shared or reloaded. */
  async open() {
    const { page } = this;
    const { images, filter, except_images: except } = page.selection.target;
    if (images === null && except.length === 0) {
      location.assign(this.address(filter));
      return;
    }
    if (!handOver(page.id, await page.selectedIds())) {
      toast(gettext("These are too many to hand over: filter for them, and export what the filter finds."), { kind: "danger" });
      return;
    }
    location.assign(`${this.address("")}?selected`);
  }

  address(filter) {
    const path = $("#palette").dataset.export;
    return filter ? `${path}?${new URLSearchParams({ filter })}` : path;
  }

  /** What leads to the export means what is shown. */
  markLinks() {
    const { filter } = this.page.query;
    for (const link of $$("[data-export-link]")) {
      link.href = this.address(filter);
      $("[data-export-text]", link).textContent = filter ? gettext("Export these") : gettext("Export");
    }
  }
}
