// What is selected in a list: some of it by id, or all that match a filter but some. Knows nothing of pages or pixels.

/** Tells `change` whenever something else is selected. */
export class Selection extends EventTarget {
  /** `list` is {total, filter, ids(start, end)}: how many there are, under which filter, and the ids of a part of it. */
  constructor(list) {
    super();
    this.list = list;
    this.isAll = false;
    this.ids = new Set();
    this.anchor = null;
    this.base = null;
    this.turn = 0;
  }

  get count() {
    return this.isAll ? Math.max(0, this.list.total - this.ids.size) : this.ids.size;
  }

  get isEmpty() {
    return this.count === 0;
  }

  has(id) {
    return this.ids.has(id) !== this.isAll;
  }

  /** The API's words for it. */
  get target() {
    const ids = [...this.ids];
    if (this.isAll) return { images: null, filter: this.list.filter, except_images: ids };
    return { images: ids, filter: null, except_images: [] };
  }

  /** The only one that is selected, `null` where none is or more are. */
  get only() {
    return !this.isAll && this.ids.size === 1 ? [...this.ids][0] : null;
  }

  /** What there is now, to be brought back by `restore`. */
  keep() {
    return { isAll: this.isAll, ids: new Set(this.ids), filter: this.list.filter };
  }

  restore({ isAll, ids }) {
    this.set(isAll, new Set(ids));
  }

  set(isAll, ids) {
    this.turn += 1;
    this.isAll = isAll;
    this.ids = ids;
    this.dispatchEvent(new Event("change"));
  }

  clear() {
    this.anchor = null;
    this.base = null;
    if (this.isAll || this.ids.size > 0) this.set(false, new Set());
  }

  all() {
    this.set(true, new Set());
  }

  /** What was selected is not, and the other way round. */
  invert() {
    this.set(!this.isAll, new Set(this.ids));
  }

  replace(id, index) {
    this.set(false, new Set([id]));
    this.setAnchor(index);
  }

  toggle(id, index) {
    const ids = new Set(this.ids);
    if (!ids.delete(id)) ids.add(id);
    this.set(this.isAll, ids);
    this.setAnchor(index);
  }

  /** The next range begins here, on top of what is selected now. */
  setAnchor(index) {
    this.anchor = index;
    this.base = { isAll: this.isAll, ids: new Set(this.ids) };
  }

  /** Select from the anchor to a place, in the list's order. */
  async range(index) {
    if (this.anchor === null) this.setAnchor(index);
    const start = Math.min(this.anchor, index);
    const end = Math.max(this.anchor, index);
    await this.addParts([[start, end]]);
  }

  /** Select the block of a grid between the anchor and a place. */
  async block(index, columns) {
    if (this.anchor === null) this.setAnchor(index);
    const rows = [this.anchor, index].map((at) => Math.floor(at / columns)).sort((a, b) => a - b);
    const sides = [this.anchor, index].map((at) => at % columns).sort((a, b) => a - b);
    await this.rows(rows, sides, columns);
  }

  /** Select what lies in some rows and columns of a grid; `isFresh` drops what was selected before. */
  async rows([top, bottom], [left, right], columns) {
    const parts = [];
    for (let row = top; row <= bottom; row += 1) {
      const start = row * columns + left;
      if (start < this.list.total) parts.push([start, Math.min(row * columns + right, this.list.total - 1)]);
    }
    await this.addParts(parts);
  }

  /** Add parts of the list to what was there at the anchor. What is asked for later counts, whichever answer comes first. */
  async addParts(parts) {
    if (parts.length === 0) return;
    const turn = (this.turn += 1);
    const base = this.base ?? { isAll: false, ids: new Set() };
    const start = parts[0][0];
    const found = await this.list.ids(start, parts.at(-1)[1]);
    if (turn !== this.turn) return;
    const ids = new Set(base.ids);
    for (const [first, last] of parts) {
      for (const id of found.slice(first - start, last - start + 1)) {
        if (base.isAll) ids.delete(id);
        else ids.add(id);
      }
    }
    this.set(base.isAll, ids);
  }

  /** These are no longer in the list. */
  forget(ids) {
    const kept = new Set(this.ids);
    let isOther = false;
    for (const id of ids) isOther = kept.delete(id) || isOther;
    if (isOther) this.set(this.isAll, kept);
    else if (this.isAll) this.dispatchEvent(new Event("change"));
  }
}
