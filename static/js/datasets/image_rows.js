// The images of a dataset as the server gives them: pages of 500, entered by position, kept in one list.

import { getJson } from "../lib/http.js";

const PAGE = 500;

export class ImageRows {
  /**
   * `address` is the API's list of images; `untagged` keeps to those without tag and caption, `flag` to those that have
   * it, `state` to those whose review is so far.
   */
  constructor(address, { untagged = false, flag = "", state = "", total = 0, onChange }) {
    this.address = address;
    this.untagged = untagged;
    this.flag = flag;
    this.state = state;
    this.total = total;
    this.revision = 0;
    this.onChange = onChange;
    this.rows = [];
    this.next = 0;
    this.wanted = 0;
    this.loading = null;
  }

  at(index) {
    return this.rows[index];
  }

  /** Load until the image at `index` is here. Calls while it loads only move the goal. */
  need(index) {
    this.wanted = Math.max(this.wanted, Math.min(index, this.total - 1));
    this.loading ??= this.load().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  async load() {
    while (this.next !== null && this.rows.length <= this.wanted) {
      const page = await this.fetchPage(this.next);
      this.rows.push(...page.images);
      this.take(page);
    }
  }

  fetchPage(after) {
    const query = new URLSearchParams({ after, limit: PAGE });
    if (this.untagged) query.set("untagged", "true");
    if (this.flag) query.set("flag", this.flag);
    if (this.state) query.set("state", this.state);
    return getJson(`${this.address}?${query}`);
  }

  take(page) {
    this.next = page.next;
    this.total = page.total;
    this.revision = page.revision;
    this.onChange();
  }

  /** Take an image out of the list, before the server is asked. */
  remove(id) {
    const index = this.rows.findIndex((image) => image.id === id);
    if (index < 0) return;
    this.rows.splice(index, 1);
    this.total -= 1;
    this.onChange();
  }

  /** Return where an image is, as far as the list is loaded; -1 where it is not. */
  indexOf(id) {
    return this.rows.findIndex((image) => image.id === id);
  }

  /** Read again from the start up to the image at `index`, then show the new list at once: images may have come between. */
  async reload(index) {
    await this.loading;
    const rows = [];
    let page;
    let after = 0;
    do {
      page = await this.fetchPage(after);
      rows.push(...page.images);
      after = page.next;
    } while (after !== null && rows.length <= index);
    this.rows = rows;
    this.wanted = 0;
    this.take(page);
  }
}
