// The list of files that were refused, each with its sentence; it grows while the import runs.

import { $, el, icon } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { getJson } from "../lib/http.js";
import { interpolate, ngettext } from "../lib/i18n.js";

const PAGE = 500;
const SHOWN_AT_FIRST = 100;

export class Refusals {
  constructor(root, address) {
    this.address = address;
    this.box = $("[data-refusals]", root);
    this.list = $("[data-refusals-list]", root);
    this.more = $("[data-refusals-more]", root);
    this.found = new Map();
    this.local = [];
    this.drawn = new Set();
    this.limit = SHOWN_AT_FIRST;
    this.reading = null;
    this.count = 0;
    this.list.replaceChildren();
    this.box.hidden = true;
    this.more.onclick = () => {
      this.limit += PAGE;
      this.draw();
    };
  }

  /** A file that never left this machine. */
  addLocal(name, reason) {
    this.local.push({ id: `local-${this.local.length}`, name, folder: "", reason });
    this.draw();
  }

  /** There are `count` refused files now: read the ones that are not here yet. */
  expect(count) {
    this.count = count;
    if (this.found.size >= count) return;
    this.reading ??= this.read().finally(() => {
      this.reading = null;
    });
  }

  async read() {
    // From the start each time: a file with a small number may fail after one with a large number.
    let after = 0;
    do {
      const query = new URLSearchParams({ state: "FAILED", after, limit: PAGE });
      const page = await getJson(`${this.address}/items?${query}`).catch(() => ({ items: [], next: null }));
      for (const item of page.items) this.found.set(item.id, item);
      after = page.next;
      this.draw();
    } while (after !== null);
  }

  draw() {
    const all = [...this.local, ...this.found.values()];
    const total = this.local.length + Math.max(this.count, this.found.size);
    this.box.hidden = all.length === 0;
    $("[data-refusals-title]", this.box).textContent = interpolate(
      ngettext("%(count)s file was refused", "%(count)s files were refused", total),
      { count: formatNumber(total) },
    );
    for (const item of all) {
      if (this.drawn.size >= this.limit) break;
      if (this.drawn.has(item.id)) continue;
      this.drawn.add(item.id);
      this.list.append(this.row(item));
    }
    this.more.hidden = this.drawn.size >= all.length;
  }

  row(item) {
    const where = item.folder ? `${item.folder}/${item.name}` : item.name;
    return el(
      "li",
      { class: "refusal" },
      icon("circle-alert"),
      el("bdi", { class: "refusal__name truncate", title: where, text: where }),
      el("p", { class: "refusal__reason", text: item.reason }),
    );
  }
}
