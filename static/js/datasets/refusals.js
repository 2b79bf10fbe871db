// The files that were refused, each with its whole sentence; it grows while the import runs, and shows a hundred at first.

import { $, el, icon, throttle } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { getJson } from "../lib/http.js";
import { interpolate, ngettext } from "../lib/i18n.js";

const PAGE = 500;
const SHOWN_AT_FIRST = 100;
const READ_EVERY = 1000;

export class Refusals {
  constructor(root, address) {
    this.address = address;
    this.box = $("[data-refusals]", root);
    this.list = $("[data-refusals-list]", root);
    this.more = $("[data-refusals-more]", root);
    this.found = [];
    this.local = [];
    this.localMade = 0;
    this.rows = new Map();
    this.limit = SHOWN_AT_FIRST;
    this.count = 0;
    this.read = throttle(() => this.fetch(), READ_EVERY);
    this.list.replaceChildren();
    this.box.hidden = true;
    this.more.onclick = () => {
      this.limit += PAGE;
      this.draw();
      this.fetch();
    };
  }

  /** A file that never left this machine. */
  addLocal(name, reason) {
    this.localMade += 1;
    this.local.push({ id: `local-${this.localMade}`, name, folder: "", reason });
    this.draw();
  }

  /** Files, each by its path, that were brought again. */
  forgetLocal(names) {
    if (!this.local.length) return;
    const brought = new Set(names);
    this.local = this.local.filter(({ name }) => !brought.has(name));
    this.draw();
  }

  /** There are `count` refused files now. */
  expect(count) {
    if (this.count === count) return;
    this.count = count;
    this.read();
  }

  async fetch() {
    // Nothing was readable, and so there is no import to ask about.
    if (!this.address) return;
    // From the start each time: a file with a small number may fail after one with a large number, and some are tried
    // again. Never more than are shown.
    const found = [];
    let after = 0;
    while (after !== null && found.length < this.limit) {
      const query = new URLSearchParams({ state: "FAILED", after, limit: Math.min(PAGE, this.limit - found.length) });
      const page = await getJson(`${this.address}/items?${query}`).catch(() => null);
      if (!page) return;
      found.push(...page.items);
      after = page.next;
    }
    this.found = found;
    this.draw();
  }

  draw() {
    const shown = [...this.local, ...this.found].slice(0, this.limit);
    const total = this.local.length + Math.max(this.count, this.found.length);
    this.box.hidden = shown.length === 0;
    $("[data-refusals-title]", this.box).textContent = interpolate(
      ngettext("%(count)s file was refused", "%(count)s files were refused", total),
      { count: formatNumber(total) },
    );
    const rows = shown.map((item) => this.rows.get(item.id) ?? this.row(item));
    this.rows = new Map(shown.map((item, index) => [item.id, rows[index]]));
    this.list.replaceChildren(...rows);
    this.more.hidden = total <= shown.length;
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
