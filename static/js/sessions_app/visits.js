// How long a person is active at each picture, and whether they edited it: what a tagging session tells at its end.

// Who does nothing for longer has gone to fetch coffee.
const LONGEST_GAP = 60_000;
const ACTIVITY = ["keydown", "pointerdown", "pointermove", "wheel"];
const MOST = 400;

export class Visits {
  constructor(target = window) {
    this.left = new Map();
    this.editedImages = new Set();
    this.image = null;
    this.spent = 0;
    this.last = performance.now();
    const active = () => this.tick();
    for (const type of ACTIVITY) target.addEventListener(type, active, { passive: true, capture: true });
  }

  /** Time since the last sign of life; a page in the background is looked at by nobody. */
  tick() {
    const now = performance.now();
    if (this.image !== null) this.spent += Math.min(now - this.last, LONGEST_GAP);
    this.last = now;
  }

  /** Another picture is shown, or none: the one before was left. */
  show(image) {
    if (image === this.image) return;
    this.leave();
    this.image = image;
  }

  leave() {
    this.tick();
    if (this.image !== null) this.add(this.image, this.spent);
    this.image = null;
    this.spent = 0;
  }

  /** The server took an edit of a picture; one that was left already is told of once more. */
  edited(image) {
    this.editedImages.add(image);
    if (image !== this.image) this.add(image, 0);
  }

  add(image, milliseconds) {
    const { seconds = 0 } = this.left.get(image) ?? {};
    this.left.set(image, { seconds: seconds + milliseconds / 1000 });
  }

  /** What was left since this was asked last, as the server takes it; at most so many at once. */
  take() {
    const taken = [...this.left].slice(0, MOST);
    for (const [image] of taken) this.left.delete(image);
    return taken.map(([image, { seconds }]) => ({
      image_id: image,
      seconds: Math.round(seconds * 10) / 10,
      edited: this.editedImages.has(image),
    }));
  }

  /** They did not arrive: they go with the next ones. */
  giveBack(visits) {
    for (const { image_id: image, seconds } of visits) this.add(image, seconds * 1000);
  }
}
