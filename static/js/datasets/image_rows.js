// The images under a filter and an order, as far as they are in sight: pages of some hundred, entered by landmarks, so
// that any place of a hundred thousand costs the same, and forgotten again when one is far from them.

import { getJson } from "../lib/http.js";
import { throttle } from "../lib/dom.js";

const PAGE = 100;
const MOST_PAGES = 40;
// While a scrollbar is dragged each frame shows another place: only where it stays is worth a question.
const SETTLE = 40;

export class ImageRows {
  /**
   * `address` is the API's list of images; `query` is {filter, order}. `onChange()` hears that something is here or gone,
   * `onError(error)` of a page that could not be read.
   */
  constructor(address, { query, total = 0, onChange, onError = () => {} }) {
    Object.assign(this, { address, query, total, onChange, onError });
    this.revision = 0;
    this.sight = [0, 0];
    this.ask = throttle(() => this.askForSight(), SETTLE);
    this.forget();
  }

  forget() {
    this.stop();
    this.rows = new Map();
    this.places = new Map();
    this.nexts = new Map();
    this.landmarks = null;
    this.finding = null;
  }

  stop() {
    for (const controller of this.loading?.values() ?? []) controller.abort();
    this.loading = new Map();
  }

  at(index) {
    return this.rows.get(index);
  }

  /** Where an image is, as far as it is here; -1 where it is not. */
  indexOf(id) {
    return this.places.get(id) ?? -1;
  }

  /** What is here in a part of the list, in order. */
  within(first, last) {
    const found = [];
    for (let index = first; index <= last; index += 1) if (this.rows.has(index)) found.push(this.rows.get(index));
    return found;
  }

  /** Another filter or order: nothing that is here counts any more. Fails as the first page does. */
  async setQuery(query) {
    this.query = query;
    this.forget();
    await this.start();
  }

  /** Read the first page, which tells how many there are. */
  async start() {
    const page = await this.fetchPage(0, "", new AbortController().signal);
    this.take(0, page);
    if (this.total > PAGE) this.findLandmarks().catch(() => {});
  }

  /** These are in sight: what is missing is asked for, what is still on its way for another place is given up. */
  need(first, last) {
    const end = Math.min(last, this.total - 1);
    this.sight = [Math.max(0, Math.min(first, end)), Math.max(0, end)];
    const wanted = this.pagesInSight();
    for (const [page, controller] of this.loading) {
      if (wanted.includes(page)) continue;
      controller.abort();
      this.loading.delete(page);
    }
    if (wanted.some((page) => !this.isHere(page) && !this.loading.has(page))) this.ask();
  }

  pagesInSight() {
    const pages = [];
    const [first, last] = this.sight.map((index) => Math.floor(index / PAGE));
    for (let page = first; page <= last; page += 1) pages.push(page);
    return pages;
  }

  isHere(page) {
    const last = Math.min((page + 1) * PAGE, this.total) - 1;
    return this.rows.has(page * PAGE) && this.rows.has(last);
  }

  askForSight() {
    for (const page of this.pagesInSight()) {
      if (!this.isHere(page) && !this.loading.has(page)) this.load(page);
    }
  }

  async load(page) {
    const controller = new AbortController();
    this.loading.set(page, controller);
    try {
      const cursor = await this.cursorOf(page);
      if (controller.signal.aborted) return;
      this.take(page, await this.fetchPage(page, cursor, controller.signal));
    } catch (error) {
      if (error.name !== "AbortError") this.onError(error);
    } finally {
      if (this.loading.get(page) === controller) this.loading.delete(page);
    }
  }

  /** Where a page begins: known from its neighbour, else from the landmarks. */
  async cursorOf(page) {
    if (page === 0) return "";
    if (this.nexts.has(page - 1)) return this.nexts.get(page - 1);
    const landmarks = await this.findLandmarks();
    return landmarks[page] ?? "";
  }

  findLandmarks() {
    this.finding ??= this.fetchLandmarks().catch((error) => {
      this.finding = null;
      throw error;
    });
    return this.finding;
  }

  async fetchLandmarks() {
    const query = new URLSearchParams({ ...this.query, every: PAGE });
    const { cursors } = await getJson(`${this.address}/landmarks?${query}`);
    this.landmarks = cursors;
    return cursors;
  }

  fetchPage(page, cursor, signal) {
    const query = new URLSearchParams({ ...this.query, limit: PAGE });
    if (cursor) query.set("after", cursor);
    return getJson(`${this.address}?${query}`, { signal });
  }

  take(page, { images, next, total, revision }) {
    images.forEach((image, offset) => this.put(page * PAGE + offset, image));
    if (next) this.nexts.set(page, next);
    this.total = total;
    this.revision = revision;
    this.drop();
    this.onChange();
  }

  put(index, image) {
    this.rows.set(index, image);
    this.places.set(image.id, index);
  }

  /** Of more than fits, the pages farthest from what is in sight go. */
  drop() {
    if (this.rows.size <= MOST_PAGES * PAGE) return;
    const middle = (this.sight[0] + this.sight[1]) / 2;
    const pages = [...new Set([...this.rows.keys()].map((index) => Math.floor(index / PAGE)))];
    const farthest = pages.sort((a, b) => Math.abs(b * PAGE - middle) - Math.abs(a * PAGE - middle));
    for (const page of farthest.slice(0, pages.length - MOST_PAGES)) {
      for (let index = page * PAGE; index < (page + 1) * PAGE; index += 1) {
        this.places.delete(this.rows.get(index)?.id);
        this.rows.delete(index);
      }
      this.nexts.delete(page);
    }
  }

  /** Take images out of the list, before the server is asked; what is behind them moves up. */
  remove(ids) {
    const gone = new Set(ids);
    const kept = [...this.rows].sort(([one], [other]) => one - other);
    const before = this.total;
    this.rows = new Map();
    this.places = new Map();
    let step = 0;
    for (const [index, image] of kept) {
      if (gone.has(image.id)) step += 1;
      else this.put(index - step, image);
    }
    this.total = before - step;
    this.outdate();
    this.onChange();
  }

  outdate() {
    this.nexts = new Map();
    this.landmarks = null;
    this.finding = null;
  }

  /** Read again what is in sight, as a list of its own that `adopt` takes: images may have come and gone before it. */
  async readAgain() {
    const anchors = this.within(...this.sight).map(({ id }) => [id, this.indexOf(id)]);
    const fresh = new ImageRows(this.address, { query: this.query, total: this.total, onChange: () => {} });
    await fresh.start();
    if (fresh.total > PAGE) {
      await fresh.findLandmarks();
      await fresh.loadAround(this.sight);
      const moved = movedBy(anchors, fresh);
      // What was moved far is read where it is now.
      if (moved !== 0) await fresh.loadAround(this.sight.map((index) => index + moved));
    }
    return fresh;
  }

  async loadAround([first, last]) {
    const within = (index) => Math.max(0, Math.min(index, this.total - 1));
    // One page more on either side: what was looked at may have moved over an edge.
    this.sight = [within(first - PAGE), within(last + PAGE)];
    const pages = this.pagesInSight().filter((page) => !this.isHere(page));
    await Promise.all(pages.map((page) => this.loadForSure(page)));
  }

  async loadForSure(page) {
    this.take(page, await this.fetchPage(page, await this.cursorOf(page)));
  }

  /** Take another list's images for one's own; nobody is told. */
  adopt(fresh) {
    this.stop();
    const { rows, places, nexts, landmarks, finding, total, revision } = fresh;
    Object.assign(this, { rows, places, nexts, landmarks, finding, total, revision });
  }

  /** The ids of a part of the list, whether it is here or not. */
  async ids(start, end) {
    const here = this.within(start, end);
    if (here.length === end - start + 1) return here.map(({ id }) => id);
    const query = new URLSearchParams({ ...this.query, start, end: end + 1 });
    return (await getJson(`${this.address}/ids?${query}`)).ids;
  }
}

/** By how many places the first of the anchors that is still here has moved. */
function movedBy(anchors, rows) {
  const found = anchors.find(([id]) => rows.indexOf(id) >= 0);
  return found ? rows.indexOf(found[0]) - found[1] : 0;
}
