// Watches an import for files that do not come, and for the word that nobody gave: that these are all.

import { postJson } from "../lib/http.js";
import { fetchWaiting } from "./missing.js";

const LOOK_EVERY = 1000;
// Another window may be sending: files count as missing when nothing arrived for this long.
const STALLED_AFTER = 6000;

export class Stall {
  /**
   * @param listener `isSending()` whether this page brings files to the import, `onMissing(items)` for files that
   *   nobody sends, `onMoved(progress)` when the import was moved on.
   */
  constructor(address, progress, listener) {
    Object.assign(this, { address, progress, listener });
    this.isSureToMiss = false;
    this.told = 0;
  }

  start() {
    this.stop();
    this.lastArrival = performance.now();
    this.lastMove = this.lastArrival;
    this.hasSealed = false;
    this.timer = setInterval(() => this.check(), LOOK_EVERY);
  }

  stop() {
    clearInterval(this.timer);
  }

  /** A page that nobody sends from may say early what is missing; another window that sends makes it go away. */
  hurry() {
    this.lastArrival -= STALLED_AFTER / 2;
  }

  moved(progress) {
    const differs = (name) => progress[name] !== this.progress[name];
    if (differs("waiting")) this.lastArrival = performance.now();
    if (["total", "done", "waiting"].some(differs)) this.lastMove = performance.now();
    if (differs("total")) this.hasSealed = false;
    this.progress = progress;
  }

  /** Whether files are announced that this page does not send. */
  get isWaiting() {
    return this.progress.state === "OPEN" && this.progress.waiting > 0 && !this.listener.isSending();
  }

  /** All is here and nobody said that this is all: the page that would have may be closed, or cut off. */
  get isForgotten() {
    const { state, total, waiting, held } = this.progress;
    return state === "OPEN" && total > 0 && waiting + held === 0 && !this.listener.isSending();
  }

  async check() {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      await (this.isWaiting ? this.look() : this.seal());
    } finally {
      this.isLooking = false;
    }
  }

  async look() {
    if (!this.isSureToMiss && performance.now() - this.lastArrival < STALLED_AFTER) return;
    if (this.told === this.progress.waiting) return;
    const missing = await fetchWaiting(this.address).catch(() => null);
    // Somebody may have brought them, or given them up, while this was asked.
    if (!missing || !this.isWaiting) return;
    this.told = missing.length;
    this.listener.onMissing(missing);
  }

  /** Harmless where another window goes on: what it announces opens the import again. */
  async seal() {
    if (!this.isForgotten || this.hasSealed || performance.now() - this.lastMove < STALLED_AFTER) return;
    this.hasSealed = true;
    const progress = await postJson(`${this.address}/seal`, {}).catch((error) => {
      this.hasSealed = !error.isPassing;
      this.lastMove = performance.now();
      return null;
    });
    if (progress) this.listener.onMoved(progress);
  }
}
