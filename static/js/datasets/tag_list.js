// The tags of what is shown, with counts: beside the grid, on a phone in a sheet. A click asks for a tag in the filter,
// another one with Alt or Shift, or the button beside it, rules it out. Of thousands only the rows in sight exist.

import { $, el, fill, throttle } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { getJson } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { sideOf, withTag } from "./terms.js";

const REMEMBERED = "tag-list";
const ROW = 32;
const SPARE = 1;
const FIRST = 200;
// As many as the server lists; what is rarer is found by its name.
const MOST = 1000;
const SEARCH_AFTER = 120;
const REFRESH_EVERY = 4000;

export class TagList {
  constructor(page) {
    this.page = page;
    this.root = $("[data-tag-list]");
    this.sheet = $("[data-tag-sheet]");
    this.search = $("[data-tag-search]", this.root);
    this.scroller = $("[data-tag-scroller]", this.root);
    this.rows = $("[data-tag-rows]", this.root);
    this.line = $("[data-tag-line]", this.root);
    this.home = this.root.parentElement;
    this.button = $("[data-action=tagList]");
    this.narrow = matchMedia("(width < 60rem)");
    this.tags = [];
    this.at = 0;
    this.limit = FIRST;
    this.refreshSoon = throttle(() => this.load(), REFRESH_EVERY);
    this.listen();
    if (wasOpen() && !this.narrow.matches) this.show();
    else this.tellButton();
  }

  listen() {
    const { scroller, page } = this;
    scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(scroller);
    scroller.addEventListener("click", (event) => this.clicked(event));
    scroller.addEventListener("keydown", (event) => this.pressed(event));
    this.search.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.restart(), SEARCH_AFTER);
    });
    this.search.addEventListener("keydown", (event) => event.key === "ArrowDown" && this.toRow(event, 0));
    $("[data-tag-close]", this.root).addEventListener("click", () => this.hide());
    this.sheet.addEventListener("close", () => this.hide());
    this.sheet.addEventListener("click", (event) => event.target === this.sheet && this.hide());
    this.narrow.addEventListener("change", () => this.isOpen && this.hide());
    page.query.addEventListener("change", () => this.isOpen && this.restart());
    page.addEventListener("changed", () => this.isOpen && this.refreshSoon());
  }

  get isOpen() {
    return !this.root.hidden;
  }

  toggle() {
    if (this.isOpen) {
      this.hide();
    } else {
      this.show();
      this.search.focus();
    }
  }

  show() {
    this.root.hidden = false;
    if (this.narrow.matches) {
      this.sheet.append(this.root);
      this.sheet.showModal();
    } else {
      keepOpen(true);
    }
    this.tellButton();
    this.load();
  }

  hide() {
    if (!this.isOpen) return;
    const hadFocus = this.root.contains(document.activeElement);
    this.root.hidden = true;
    if (this.sheet.open) this.sheet.close();
    else keepOpen(false);
    this.home.prepend(this.root);
    this.tellButton();
    if (hadFocus) this.button?.focus();
  }

  tellButton() {
    this.button?.setAttribute("aria-expanded", String(this.isOpen));
  }

  // --- what is in it -------------------------------------------------------------------------------

  restart() {
    this.limit = FIRST;
    this.at = 0;
    this.scroller.scrollTop = 0;
    this.load();
  }

  async load() {
    this.controller?.abort();
    this.controller = new AbortController();
    const { filter } = this.page.query;
    const query = new URLSearchParams({ filter, q: this.search.value.trim(), limit: this.limit });
    try {
      this.take(await getJson(`${this.root.dataset.address}?${query}`, { signal: this.controller.signal }));
    } catch (error) {
      if (error.name !== "AbortError") this.line.textContent = error.detail;
    }
  }

  take({ tags }) {
    this.tags = tags;
    this.hasMore = tags.length >= this.limit && this.limit < MOST;
    const count = formatNumber(tags.length);
    const words = this.hasMore ? gettext("the first %(count)s tags") : ngettext("%(count)s tag", "%(count)s tags", tags.length);
    this.line.textContent = tags.length > 0 ? interpolate(words, { count }) : gettext("No tag here is called that.");
    if (tags.length === 0 && this.search.value.trim() === "") this.line.textContent = gettext("None of these has a tag.");
    this.at = Math.min(this.at, Math.max(0, tags.length - 1));
    this.drawn = "";
    this.draw();
  }

  draw() {
    if (!this.isOpen) return;
    const { scrollTop, clientHeight } = this.scroller;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - SPARE);
    const last = Math.min(this.tags.length, Math.ceil((scrollTop + clientHeight) / ROW) + SPARE);
    this.rows.style.height = `${this.tags.length * ROW}px`;
    const key = `${first},${last}`;
    if (key === this.drawn) return;
    this.drawn = key;
    const focused = this.rows.contains(document.activeElement) ? document.activeElement.dataset.part : null;
    fill(this.rows, this.tags.slice(first, last).map((tag, offset) => this.row(tag, first + offset)));
    if (focused) this.focusRow(focused);
    if (this.hasMore && last >= this.tags.length - SPARE) this.more();
  }

  more() {
    this.limit = Math.min(this.limit * 4, MOST);
    this.load();
  }

  row({ name, category, colour, count }, index) {
    const side = sideOf(this.page.query.filter, name);
    const tabindex = index === this.at ? "0" : "-1";
    const number = formatNumber(count);
    const words = interpolate(ngettext("%(name)s, on %(count)s image", "%(name)s, on %(count)s images", count), { name, count: number });
    const without = interpolate(gettext("Without %(name)s"), { name });
    const row = el(
      "li",
      { class: `tag-row${side ? ` tag-row--${side}` : ""}`, data: { index } },
      el(
        "button",
        { class: "tag-row__name", type: "button", tabindex, title: category ? `${name} (${category})` : name, "aria-pressed": String(side === "with"), "aria-label": category ? `${words}, ${category}` : words, data: { part: "with", colour } },
        el("bdi", { class: "truncate", text: name }),
        el("span", { class: "tag-row__count numbers", text: number }),
      ),
      el("button", { class: "tag-row__without", type: "button", tabindex, title: without, "aria-label": without, "aria-pressed": String(side === "without"), data: { part: "without" } }),
    );
    row.style.transform = `translateY(${index * ROW}px)`;
    return row;
  }

  // --- pointer and keys ----------------------------------------------------------------------------

  clicked(event) {
    const button = event.target.closest("[data-part]");
    if (!button) return;
    const index = Number(button.closest("[data-index]").dataset.index);
    this.at = index;
    const rulesOut = event.altKey || event.shiftKey || button.dataset.part === "without";
    this.page.query.set({ filter: withTag(this.page.query.filter, this.tags[index].name, rulesOut ? "without" : "with") });
  }

  pressed(event) {
    const row = event.target.closest("[data-index]");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const index = Number(row.dataset.index);
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW) - 1);
    const goals = { ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + page, PageUp: index - page, Home: 0, End: this.tags.length - 1 };
    if (event.key in goals) this.toRow(event, goals[event.key]);
  }

  toRow(event, index) {
    event.preventDefault();
    if (index < 0) {
      this.search.focus();
      return;
    }
    if (this.tags.length === 0) return;
    this.at = Math.min(index, this.tags.length - 1);
    const top = this.at * ROW;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + ROW > scrollTop + clientHeight) this.scroller.scrollTop = top + ROW - clientHeight;
    const part = document.activeElement?.dataset.part ?? "with";
    this.drawn = "";
    this.draw();
    this.focusRow(part);
  }

  focusRow(part) {
    this.rows.querySelector(`[data-index="${this.at}"] [data-part="${part}"]`)?.focus({ preventScroll: true });
  }
}

function wasOpen() {
  try {
    return localStorage.getItem(REMEMBERED) === "open";
  } catch {
    return false;
  }
}

function keepOpen(isOpen) {
  try {
    localStorage.setItem(REMEMBERED, isOpen ? "open" : "closed");
  } catch {
    // Storage is off: it is closed the next time.
  }
}
