// What is shown may be older than what the server has: it is asked again behind a picture that was fetched ahead, where
// something was heard, and after a while where it did not answer.

import { throttle } from "../lib/dom.js";
import { painted } from "./desks.js";

const ASK_EVERY = 1500;
const BEHIND_WAIT = 5000;

export class Freshness {
  constructor(desk) {
    this.desk = desk;
    this.isBehind = false;
  }

  /** What was fetched ahead may be old by now: it is shown at once, and asked for again behind it. */
  async look({ image: { id } }) {
    const { desk } = this;
    await painted();
    if (id !== desk.image) return;
    const fresh = await desk.desks.refresh(id).catch((error) => this.fellBehind(error));
    if (!fresh || fresh.image.id !== desk.image) return;
    this.show(fresh);
    desk.desks.prefetch(fresh);
  }

  askAgain = throttle(async () => {
    const { desk } = this;
    const { image } = desk;
    if (desk.deleting.has(image)) return;
    try {
      const fresh = await desk.desks.refresh(image);
      this.isBehind = false;
      if (image === desk.image) this.show(fresh);
    } catch (error) {
      this.fellBehind(error);
    }
  }, ASK_EVERY);

  show(fresh) {
    this.desk.bearings.show(fresh);
    this.desk.render();
  }

  fellBehind(error) {
    this.isBehind = error.status !== 404;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.catchUp(), BEHIND_WAIT);
  }

  /** What could not be read is asked for again: after a while, and once the server is heard again. */
  catchUp() {
    if (this.isBehind) this.askAgain();
  }
}
