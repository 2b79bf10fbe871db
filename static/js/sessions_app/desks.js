// What the server said about each image, and their pictures: the next three and the one before are fetched ahead, so
// that going on shows no wait.

import { getJson } from "../lib/http.js";

const AHEAD = 3;
const MOST_PICTURES = 9;
// A download that stands still must not bar the way for ever.
const MOST_WAITED = 10000;

/** Settled once the browser has painted what was put into the page; at once where nobody sees it. */
export const painted = () =>
  new Promise((resolve) => {
    if (document.visibilityState === "hidden") resolve();
    else requestAnimationFrame(() => setTimeout(resolve));
  });

/** Whether the person asked for few bytes: then nothing is fetched that may not be looked at. */
const isSparing = () => navigator.connection?.saveData === true;

export class Desks {
  /** `walk` is the number of the tagging session that is walked, if it is not the default one. */
  constructor({ api, walk = null, get = getJson }) {
    this.api = api;
    this.walk = walk;
    this.uncounted = new Set();
    // Which picture each one was reached from: the server hears of the way a moment later, and may not know it yet.
    this.reachedFrom = new Map();
    this.get = get;
    this.desks = new Map();
    // Known, but not as it is now: asked for again when one goes there.
    this.old = new Set();
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
    const isNewer = known && !this.old.has(id) && known.state.revision > desk.state.revision;
    if (isNewer) desk = { ...desk, state: known.state };
    this.desks.set(id, this.onTheWay(desk));
    this.old.delete(id);
    if (isCurrent) this.tallies = { total: desk.image.total, tagged: desk.tagged };
    return this.known(id);
  }

  /** A session led from one picture on to the next one: back leads there again, whether it still matches or not. */
  leadOn(from, to) {
    if (this.walk === null) return;
    this.reachedFrom.set(to, from);
    const desk = this.known(to);
    if (desk) this.desks.set(to, this.onTheWay(desk));
  }

  onTheWay(desk) {
    const from = this.reachedFrom.get(desk.image.id);
    return from === undefined ? desk : { ...desk, previous_id: from };
  }

  takeState(id, state) {
    const desk = this.desks.get(id);
    const asked = this.loading.get(id);
    // The answer that is on its way may have been read before this.
    if (asked && !(asked.state?.revision > state.revision)) asked.state = state;
    if (!desk || desk.state.revision > state.revision) return;
    this.tallies.tagged += Number(state.tagged) - Number(desk.state.tagged);
    this.desks.set(id, { ...desk, state });
  }

  async load(id) {
    const known = this.old.has(id) ? null : this.known(id);
    return known ?? this.refresh(id);
  }

  /** Ask the server, once at a time for each image; `counts` where the counts are what is asked for. */
  refresh(id, { counts = false } = {}) {
    if (counts) this.uncounted.add(id);
    if (!this.loading.has(id)) {
      const asked = { state: null };
      this.loading.set(id, asked);
      asked.answer = this.fetch(id, asked).finally(() => {
        if (this.loading.get(id) === asked) this.loading.delete(id);
      });
    }
    return this.loading.get(id).answer;
  }

  async fetch(id, asked) {
    const edits = this.lastEditAt?.() ?? 0;
    const number = this.numberOf(id);
    const answer = await this.get(this.addressOf(id, { counts: number === null }), { signal: AbortSignal.timeout(MOST_WAITED) }).catch((error) => {
      if (error.status === 404) this.onGone?.(id);
      throw error;
    });
    this.onThere?.(id);
    // It became old on its way.
    if (this.loading.get(id) !== asked) return this.refresh(id);
    const desk = asked.state?.revision > answer.state.revision ? { ...answer, state: asked.state } : answer;
    if (number !== null) {
      const { total, tagged } = this.tallies;
      return this.take({ ...desk, tagged, image: { ...desk.image, number, total } }, { isCurrent: false });
    }
    this.uncounted.delete(id);
    // Counts read before an edit was stored are older than what this page knows.
    return this.take(desk, { isCurrent: edits === (this.lastEditAt?.() ?? 0) });
  }

  addressOf(id, { counts }) {
    const query = new URLSearchParams();
    if (this.walk !== null) query.set("walk", this.walk);
    if (!counts) query.set("counts", "false");
    return `${this.api}images/${id}/desk${query.size > 0 ? `?${query}` : ""}`;
  }

  /** Counting costs the server the more the larger the dataset is: beside a picture whose number is known it is known. */
  numberOf(id) {
    if (this.uncounted.has(id)) return null;
    if (this.known(id)) return this.known(id).image.number;
    for (const { image, next_id: next, previous_id: previous } of this.desks.values()) {
      if (this.uncounted.has(image.id)) continue;
      if (next === id) return image.number + 1;
      if (previous === id) return image.number - 1;
    }
    return null;
  }

  /** Pictures came or went: what is known of numbers is old. */
  forgetCounts() {
    for (const id of this.desks.keys()) this.uncounted.add(id);
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
    for (const [to, from] of this.reachedFrom) if (from === id) this.reachedFrom.delete(to);
    this.desks.delete(id);
    this.old.delete(id);
    this.pictures.delete(id);
  }

  /** What is known of an image is old; it is asked for when one goes there. Who shows it still has what was known. */
  forgetDesk(id) {
    this.old.add(id);
    this.forgetAnswer(id);
  }

  /** An answer that is on its way may be old: whoever waits for it gets the next one. */
  forgetAnswer(id) {
    this.loading.delete(id);
  }

  forgetOthers(id) {
    for (const other of new Set([...this.desks.keys(), ...this.loading.keys()])) if (other !== id) this.forgetDesk(other);
  }

  /** Lead the neighbours of an image that went to the trash past it. */
  leaveOut(id) {
    for (const [to, from] of this.reachedFrom) if (from === id) this.reachedFrom.delete(to);
    const gone = this.desks.get(id);
    if (!gone) return;
    this.forgetCounts();
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
    if (isSparing()) return;
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
