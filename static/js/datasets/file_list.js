// The list of an import's files. It draws the rows that can be seen and asks the server for those alone: 100,000 files
// cost what 50 do. What this page is sending right now is drawn over what the server knows.

import { $, $$, el, fill, icon, throttle } from "../lib/dom.js";
import { formatBytes, formatNumber } from "../lib/format.js";
import { getJson } from "../lib/http.js";
import { gettext, interpolate } from "../lib/i18n.js";

const ROW_HEIGHT = 52;
const BEYOND = 10;
const WINDOW = 100;
const REFRESH_EVERY = 1000;
const STATES = {
  all: [],
  open: ["WAITING", "HELD", "RECEIVED", "PROCESSING"],
  refused: ["FAILED"],
  here: ["DUPLICATE"],
  out: ["SKIPPED"],
};
const COUNTS = {
  all: (progress) => progress.total,
  open: (progress) => progress.total - progress.done,
  refused: (progress) => progress.failed,
  here: (progress) => progress.duplicates,
  out: (progress) => progress.skipped,
};
// What is read and is no picture.
const READ = { SIDECAR: gettext("Read"), METADATA: gettext("Read"), ARCHIVE: gettext("Unpacked") };
const LOOKS = {
  queued: { icon: "clock", text: gettext("In line") },
  sending: { icon: "upload", text: gettext("Sending") },
  lost: { icon: "circle-alert", text: gettext("Not readable"), kind: "danger" },
  WAITING: { icon: "clock", text: gettext("To be sent") },
  HELD: { icon: "clock", text: gettext("Waits for you") },
  RECEIVED: { icon: "clock", text: gettext("Has arrived") },
  PROCESSING: { icon: "loader", text: gettext("Being read") },
  READY: { icon: "circle-check", text: gettext("Added"), kind: "success" },
  DUPLICATE: { icon: "copy-check", text: gettext("Already here") },
  SKIPPED: { icon: "circle-minus", text: gettext("Left out") },
  FAILED: { icon: "circle-alert", text: gettext("Refused"), kind: "danger" },
};

export class FileList {
  /**
   * @param address API address of the import.
   * @param files what this page knows of the files it sends, by number; see `UploadQueue`.
   */
  constructor(root, address, files) {
    this.address = address;
    this.files = files;
    this.box = $("[data-files]", root);
    this.frame = $("[data-files-frame]", this.box);
    this.list = $("[data-files-list]", this.box);
    this.empty = $("[data-files-empty]", this.box);
    this.tagAddress = root.dataset.tagAddress;
    this.filter = "all";
    this.total = 0;
    this.rows = new Map();
    // The ranks whose row is what the server said last; another is shown as it was until it is asked again.
    this.fresh = new Set();
    this.drawn = new Map();
    this.progress = null;
    this.isStale = true;
    this.refresh = throttle(() => this.fetchSeen(), REFRESH_EVERY);
    this.redraw = throttle(() => this.draw(), 100);
    this.listen();
    this.choose("all");
  }

  listen() {
    this.stop = new AbortController();
    const { signal } = this.stop;
    for (const chip of $$("[data-files-filter]", this.box)) {
      chip.addEventListener("click", () => this.choose(chip.dataset.filesFilter), { signal });
    }
    this.frame.addEventListener("scroll", () => this.scrolled(), { signal, passive: true });
    document.addEventListener("visibilitychange", () => this.refresh(), { signal });
    this.watcher = new IntersectionObserver(() => this.refresh());
    this.watcher.observe(this.box);
  }

  close() {
    this.stop.abort();
    this.watcher.disconnect();
  }

  choose(filter) {
    this.filter = filter;
    this.rows.clear();
    this.fresh.clear();
    this.isStale = true;
    this.total = this.progress ? COUNTS[filter](this.progress) : 0;
    for (const chip of $$("[data-files-filter]", this.box)) {
      chip.setAttribute("aria-pressed", String(chip.dataset.filesFilter === filter));
    }
    this.frame.scrollTop = 0;
    this.draw();
    this.fetchSeen();
  }

  /** The import moved on: what is seen may have another state now. */
  show(progress) {
    this.progress = progress;
    this.box.hidden = progress.total === 0;
    for (const chip of $$("[data-files-filter]", this.box)) {
      const count = COUNTS[chip.dataset.filesFilter](progress);
      $("[data-count-of]", chip).textContent = formatNumber(count);
      chip.toggleAttribute("data-none", count === 0);
    }
    this.total = Math.max(COUNTS[this.filter](progress), this.filter === "all" ? 0 : this.total);
    this.isStale = true;
    this.age();
    this.redraw();
    this.refresh();
  }

  /** What is out of sight is not asked again now, but when it comes into sight. */
  age() {
    const { first, last } = this.seen();
    for (const rank of this.fresh) if (rank < first || rank >= last) this.fresh.delete(rank);
  }

  scrolled() {
    this.redraw();
    const { first, last } = this.seen();
    for (let rank = first; rank < last; rank += 1) if (!this.fresh.has(rank)) return this.refresh();
    return undefined;
  }

  /** The ranks that can be seen, and some beyond on both sides. */
  seen() {
    const first = Math.max(0, Math.floor(this.frame.scrollTop / ROW_HEIGHT) - BEYOND);
    const last = Math.ceil((this.frame.scrollTop + this.frame.clientHeight) / ROW_HEIGHT) + BEYOND;
    return { first, last: Math.min(this.total, last) };
  }

  get canBeSeen() {
    const { top, bottom } = this.box.getBoundingClientRect();
    return !this.box.hidden && !document.hidden && bottom > 0 && top < window.innerHeight;
  }

  async fetchSeen() {
    const { first, last } = this.seen();
    const lacks = () => Array.from({ length: last - first }, (_, index) => first + index).some((rank) => !this.fresh.has(rank));
    if (this.isAsking || !this.canBeSeen || !(this.isStale || lacks())) return;
    this.isAsking = true;
    this.isStale = false;
    const { filter } = this;
    const query = new URLSearchParams({ offset: first, limit: Math.min(WINDOW, Math.max(1, last - first)) });
    for (const state of STATES[filter]) query.append("state", state);
    const page = await getJson(`${this.address}/items?${query}`).catch(() => null);
    this.isAsking = false;
    if (filter !== this.filter) this.refresh();
    else if (page) this.took(page, first);
    else this.isStale = true;
  }

  took(page, first) {
    this.total = page.total;
    page.items.forEach((item, index) => {
      this.rows.set(first + index, item);
      this.fresh.add(first + index);
    });
    this.draw();
    // The import moved on while this was asked.
    if (this.isStale) this.refresh();
    // The page was scrolled while this was asked.
    this.scrolled();
  }

  draw() {
    if (this.box.hidden) return;
    this.list.style.setProperty("block-size", `${this.total * ROW_HEIGHT}px`);
    this.empty.hidden = this.total > 0;
    const { first, last } = this.seen();
    for (const [rank, row] of this.drawn) {
      if (rank >= first && rank < last) continue;
      row.remove();
      this.drawn.delete(rank);
    }
    for (let rank = first; rank < last; rank += 1) this.drawRow(rank);
  }

  drawRow(rank) {
    let row = this.drawn.get(rank);
    if (!row) {
      row = el("li", { class: "file" });
      row.style.setProperty("translate", `0 ${rank * ROW_HEIGHT}px`);
      this.drawn.set(rank, row);
      const after = [...this.drawn.keys()].filter((other) => other > rank).sort((a, b) => a - b)[0];
      this.list.insertBefore(row, this.drawn.get(after) ?? null);
    }
    row.setAttribute("aria-setsize", this.total);
    row.setAttribute("aria-posinset", rank + 1);
    const item = this.rows.get(rank);
    const look = item ? this.lookOf(item) : null;
    const key = item ? `${item.id} ${look.text} ${look.note} ${look.part} ${item.image_id}` : "";
    // What has not changed is left alone: it may have the focus, or be selected.
    if (row.dataset.key === key) return;
    row.dataset.key = key;
    fill(row, ...(item ? this.contentOf(item, look) : []));
  }

  lookOf(item) {
    const own = this.files.get(item.id);
    const isOwn = item.state === "WAITING" && own && own.phase !== "sent";
    const look = isOwn ? LOOKS[own.phase] : LOOKS[item.state];
    const sent = isOwn ? own.sent : item.received;
    const part = item.state === "WAITING" && sent > 0 ? sent / item.size : 0;
    const text = (item.state === "READY" && READ[item.kind]) || look.text;
    return { ...look, text, part, note: item.reason || this.placeOf(item) };
  }

  placeOf(item) {
    return [formatBytes(item.size), item.folder].filter(Boolean).join(" · ");
  }

  contentOf(item, look) {
    const where = item.folder ? `${item.folder}/${item.name}` : item.name;
    const name = el("bdi", { text: item.name });
    const isPicture = item.image_id !== null && item.kind === "IMAGE";
    const words = [formatBytes(item.size), item.folder && el("bdi", { text: item.folder })];
    const percent = look.part > 0 && interpolate(gettext("%(percent)s %"), { percent: Math.floor(100 * look.part) });
    const note = item.reason ? [item.reason] : [words[0], words[1] && " · ", words[1]];
    return [
      isPicture
        ? el("a", { class: "file__name truncate", href: this.tagAddress.replace("/0/", `/${item.image_id}/`), title: where }, name)
        : el("span", { class: "file__name truncate", title: where }, name),
      el("span", { class: "file__note truncate", title: item.reason || where }, ...note),
      el("span", { class: `file__state file__state--${look.kind ?? "plain"}` }, icon(look.icon), percent || look.text),
      look.part > 0 && el("progress", { class: "progress file__bar", max: 1, value: look.part, "aria-label": where }),
    ];
  }
}
