// Which pictures were answered with no, or skipped, for one tag: kept in this browser, so that a later round does not
// ask again. A yes is told by the tag itself.

const KEEP_WITHIN = 300;

export class AskedBefore {
  constructor(datasetId, tag, storage = localStorage) {
    this.name = `tagger.asked.${datasetId}.${tag}`;
    this.storage = storage;
    this.ids = new Set(this.read());
  }

  read() {
    try {
      const kept = JSON.parse(this.storage.getItem(this.name) ?? "[]");
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  }

  has(image) {
    return this.ids.has(image);
  }

  get size() {
    return this.ids.size;
  }

  add(image) {
    this.ids.add(image);
    this.keepSoon();
  }

  delete(image) {
    this.ids.delete(image);
    this.keepSoon();
  }

  clear() {
    this.ids.clear();
    this.keep();
  }

  keepSoon() {
    this.timer ||= setTimeout(() => this.keep(), KEEP_WITHIN);
  }

  keep() {
    clearTimeout(this.timer);
    this.timer = 0;
    try {
      if (this.ids.size === 0) this.storage.removeItem(this.name);
      else this.storage.setItem(this.name, JSON.stringify([...this.ids]));
    } catch {
      // Full or forbidden: it is known until the page is left.
    }
  }
}
