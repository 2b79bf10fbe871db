// The pictures that one tag is asked about, in dataset order: fetched in pages, with the next ones loaded ahead.

import { getJson } from "../lib/http.js";

const AHEAD = 3;
const A_PAGE = 200;
const FEWEST = 10;

export class AskingList {
  /** `isDone(id)` tells what is not asked (again). */
  constructor({ address, tag, withTagged, desks, isDone }) {
    Object.assign(this, { address, tag, withTagged, desks, isDone });
    this.waiting = [];
    this.after = 0;
    this.total = 0;
    this.pictures = new Map();
  }

  /** The next picture's desk, or `null` behind the last; fails where the server does not answer. */
  async next() {
    for (;;) {
      if (this.waiting.length === 0) await this.fill();
      if (this.waiting.length === 0) return null;
      const [id] = this.waiting;
      const desk = await this.desks.load(id).catch((error) => {
        if (error.status !== 404) throw error;
        return null; // deleted meanwhile: there is nothing to ask
      });
      this.drop(id);
      if (desk) return desk;
    }
  }

  drop(id) {
    this.waiting = this.waiting.filter((other) => other !== id);
  }

  putBack(id) {
    if (!this.waiting.includes(id)) this.waiting.unshift(id);
  }

  async fill() {
    this.filling ??= this.fetch().finally(() => {
      this.filling = null;
    });
    return this.filling;
  }

  async fetch() {
    while (this.after !== null && this.waiting.length < FEWEST) {
      const query = new URLSearchParams({ tag: this.tag, after: this.after, limit: A_PAGE, tagged: this.withTagged });
      const page = await getJson(`${this.address}?${query}`);
      this.after = page.next;
      this.total = page.total;
      const known = new Set(this.waiting);
      this.waiting.push(...page.images.filter((id) => !this.isDone(id) && !known.has(id)));
    }
  }

  /** Whether all that is left is known. */
  get isWhole() {
    return this.after === null;
  }

  picture(desk) {
    const { id, preview, name, width, height } = desk.image;
    if (!this.pictures.has(id)) {
      const picture = new Image(width, height);
      picture.alt = name;
      picture.decoding = "sync";
      picture.src = preview;
      this.pictures.set(id, picture);
    }
    const picture = this.pictures.get(id);
    if (this.pictures.size > 3 * AHEAD) this.pictures.delete(this.pictures.keys().next().value);
    return picture;
  }

  /** Failures are met again, and told, when one comes there. */
  async prefetch() {
    if (this.waiting.length < FEWEST && this.after !== null) await this.fill().catch(() => null);
    for (const id of this.waiting.slice(0, AHEAD)) {
      const desk = await this.desks.load(id).catch(() => null);
      if (desk) this.picture(desk).decode().catch(() => {});
    }
  }
}
