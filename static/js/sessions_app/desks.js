// What the server said about each image, and their pictures: the next three and the one before are fetched ahead, so
// that going on shows no wait.

import { getJson } from "../lib/http.js";

const AHEAD = 3;
const MOST_PICTURES = 9;

export class Desks {
  constructor({ api, get = getJson }) {
    this.api = api;
    this.get = get;
    this.desks = new Map();
    this.pictures = new Map();
    this.tallies = { total: 0, tagged: 0 };
    this.loading = new Map();
  }

  known(id) {
    return this.desks.get(id) ?? null;
  }

  /** Take in an answer; an older one than what is known does not count. Returns what is known now. */
  take(desk, { isCurrent = true } = {}) {
    const { id } = desk.image;
    const known = this.desks.get(id);
    if (known && known.state.revision > desk.state.revision) desk = { ...desk, state: known.state };
    this.desks.set(id, desk);
    if (isCurrent) this.tallies = { total: desk.image.total, tagged: desk.tagged };
    return desk;
  }

  takeState(id, state) {
    const desk = this.desks.get(id);
    if (!desk || desk.state.revision > state.revision) return;
    this.tallies.tagged += Number(state.tagged) - Number(desk.state.tagged);
    this.desks.set(id, { ...desk, state });
  }

  async load(id) {
    return this.known(id) ?? this.refresh(id);
  }

  /** Ask the server, once at a time for each image. */
  refresh(id) {
    if (!this.loading.has(id)) this.loading.set(id, this.fetch(id).finally(() => this.loading.delete(id)));
    return this.loading.get(id);
  }

  async fetch(id) {
    const edits = this.lastEditAt?.() ?? 0;
    const desk = await this.get(`${this.api}images/${id}/desk`).catch((error) => {
      if (error.status === 404) this.onGone?.(id);
      throw error;
    });
    // Counts read before an edit was stored are older than what this page knows.
    return this.take(desk, { isCurrent: edits === (this.lastEditAt?.() ?? 0) });
  }

  /** The picture of a desk as an element, begun to load at the latest now. */
  picture(desk) {
    const { id, preview, name, width, height } = desk.image;
    let picture = this.pictures.get(id);
    if (!picture) {
      picture = new Image(width, height);
      picture.decoding = "sync"; // decoded ahead: shown in the frame it is put in
      picture.alt = name;
      picture.draggable = false;
      picture.src = preview;
      picture.decode().catch(() => {});
    }
    this.pictures.delete(id);
    this.pictures.set(id, picture);
    for (const old of this.pictures.keys()) {
      if (this.pictures.size <= MOST_PICTURES) break;
      this.pictures.delete(old);
    }
    return picture;
  }

  forgetPicture(id) {
    this.pictures.delete(id);
  }

  forget(id) {
    this.desks.delete(id);
    this.pictures.delete(id);
  }

  /** Lead the neighbours of an image that went to the trash past it. */
  leaveOut(id) {
    const gone = this.desks.get(id);
    if (!gone) return;
    for (const [other, desk] of this.desks) {
      if (other === id) continue;
      const past = (wanted, instead) => (wanted !== id ? wanted : instead === other ? null : instead);
      this.desks.set(other, {
        ...desk,
        previous_id: past(desk.previous_id, gone.previous_id),
        next_id: past(desk.next_id, gone.next_id),
        next_untagged_id: past(desk.next_untagged_id, gone.next_untagged_id),
      });
    }
  }

  /** Fetch what comes next and what was before; failures are met again, and told, when one goes there. */
  async prefetch(desk) {
    const run = (this.run = Symbol("prefetch"));
    try {
      let next = desk;
      for (let step = 0; step < AHEAD && next.next_id !== null; step += 1) {
        next = await this.load(next.next_id);
        if (run !== this.run) return;
        this.picture(next);
        if (step === 0 && desk.previous_id !== null) this.picture(await this.load(desk.previous_id));
      }
    } catch {
      // Offline, or gone.
    }
  }
}
