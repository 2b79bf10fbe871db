// What changes in a dataset while one looks at its grid: told by the socket, shown without moving what is looked at.

import { throttle } from "../lib/dom.js";
import { pause } from "../lib/http.js";

const SAY_EVERY = 5000;

export class Following {
  /**
   * `page` is the dataset's page: it has `images`, `grid`, `query` and `selection`, shows `showNumbers(numbers)` and
   * `show()`, says `announce(text)`, and `holdsReload` while something on it would be lost by a reload.
   */
  constructor(page, revision) {
    this.page = page;
    this.revision = revision;
    // What the socket told last: what it tells next is what changed since then.
    this.known = revision;
    this.pending = null;
    this.refreshing = null;
    this.say = throttle((numbers) => page.sayImages(numbers), SAY_EVERY);
    document.addEventListener("visibilitychange", () => this.start());
    // A page that the browser kept and brought back shows old marks: ask.
    window.addEventListener("pageshow", (event) => event.persisted && this.readAgain());
  }

  heard(numbers) {
    const { page } = this;
    page.showNumbers(numbers);
    this.known = numbers.revision;
    const gone = (numbers.changed ?? []).filter((row) => row.is_gone).map((row) => row.id);
    if (gone.length > 0) page.selection.forget(gone);
    if (numbers.revision === this.revision) return;
    if (this.pending === null && this.refreshing === null && this.markChanged(numbers)) {
      this.revision = numbers.revision;
      return;
    }
    if (page.isPrintedEmpty && numbers.images > 0) {
      // The page was printed without its tools; the server prints it right.
      page.reloadWhole();
      return;
    }
    this.pending = numbers.revision;
    this.start();
    this.say(numbers);
  }

  /** Write the marks of images that changed, where that is all there is to it; returns whether it was. */
  markChanged({ changed: rows = [], is_complete: isComplete, images: count }) {
    const { images, grid, query } = this.page;
    const isWhole = query.filter === "" && query.order !== "changed";
    if (!isComplete || !isWhole || count !== images.total || rows.some((row) => row.is_gone)) return false;
    for (const { id, is_tagged: tagged, review_state: state } of rows) {
      const image = images.at(images.indexOf(id));
      // Somewhere else in the list: it comes as it is by then.
      if (!image) continue;
      Object.assign(image, { tagged, state });
      grid.patch(id);
    }
    return true;
  }

  /** Read the images again, whatever is known of them. */
  readAgain() {
    this.pending = -1;
    return this.start();
  }

  start() {
    this.refreshing ??= this.refresh().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  /** While it runs, changes are gathered; the more it costs the rarer it gets. */
  async refresh() {
    while (this.pending !== null && !document.hidden) {
      const goal = this.pending;
      this.pending = null;
      const started = performance.now();
      try {
        await this.page.reloadImages();
        this.revision = goal;
      } catch {
        this.pending ??= goal;
      }
      await pause(Math.max(1000, 3 * (performance.now() - started)));
    }
  }
}
