// From picture to picture without loading the page: addresses, the Back button, and the end.

import { pause } from "../lib/http.js";
import { gettext } from "../lib/i18n.js";

// A held key repeats faster than pictures come: so many steps wait, the others are dropped.
const MOST_WAITING = 6;
const SETTLE = 1500;
const CHECK = 500;

export class Navigator {
  /** `show(desk)` shows an image, `finish(isFinished)` the end; `fail(error)` says why it does not go on. */
  constructor({ desks, saver, address, show, finish, fail }) {
    Object.assign(this, { desks, saver, address, show, finish, fail });
    this.current = null;
    this.wanted = null;
    this.isFinished = false;
    this.turn = Promise.resolve();
    this.waiting = 0;
    window.addEventListener("popstate", (event) => {
      if (event.state?.image) this.go(event.state.image, { push: false });
    });
  }

  begin(desk) {
    this.current = desk.image.id;
    history.replaceState({ image: this.current }, "", location.href);
  }

  get desk() {
    return this.desks.known(this.current);
  }

  /** Show an image; returns whether it came to that. */
  go(id, options = {}) {
    this.going = this.reach(id, options);
    return this.going;
  }

  arrival() {
    return Promise.resolve(this.going).catch(() => false);
  }

  async reach(id, { push = true, replaces = false }) {
    this.wanted = id;
    let desk;
    try {
      desk = await this.desks.load(id);
    } catch (error) {
      if (this.wanted === id) {
        this.fail({ status: error.status, detail: error.detail ?? gettext("This picture could not be opened.") });
      }
      return false;
    }
    // Overtaken by another key press.
    if (this.wanted !== id) return false;
    const isNew = id !== this.current;
    this.current = id;
    if (replaces) history.replaceState({ image: id }, "", this.address(id));
    else if (push && isNew) history.pushState({ image: id }, "", this.address(id));
    this.leaveFinish();
    this.show(desk);
    return true;
  }

  leaveFinish() {
    if (!this.isFinished) return;
    this.isFinished = false;
    this.finish(false);
  }

  /** A key pressed while a picture is on its way counts from there: steps are taken one after the other. */
  inTurn(step) {
    if (this.waiting >= MOST_WAITING) return this.turn;
    this.waiting += 1;
    const taken = this.turn.then(() => this.arrival()).then(step);
    this.turn = taken
      .catch((error) => console.error(error))
      .finally(() => {
        this.waiting -= 1;
      });
    return taken;
  }

  next() {
    return this.inTurn(() => this.stepOn());
  }

  previous() {
    return this.inTurn(() => this.stepBack());
  }

  async stepOn() {
    if (this.isFinished) return;
    const { next_id: next } = this.desk;
    if (next === null) await this.end();
    else {
      this.desks.leadOn(this.current, next);
      await this.go(next);
    }
  }

  async end() {
    this.isFinished = true;
    // The count it tells should be the server's; a slow one is not waited for.
    const checked = this.saver.settled(SETTLE).then(() => this.desks.refresh(this.current, { counts: true })).catch(() => null);
    await Promise.race([checked, pause(CHECK)]);
    if (this.isFinished) this.finish(true);
    await checked;
    if (this.isFinished) this.finish(true);
  }

  async stepBack() {
    if (this.isFinished) this.leaveFinish();
    else if (this.desk.previous_id !== null) await this.go(this.desk.previous_id);
  }

  /** Ask which one it is now: what was tagged since this picture was fetched is no goal any more. */
  async nextUntagged() {
    await this.saver.settled(SETTLE);
    const from = this.current;
    const desk = await this.desks.refresh(from).catch(() => this.desk);
    if (this.current !== from) return null;
    if (desk.next_untagged_id === null) return false;
    return this.go(desk.next_untagged_id);
  }
}
