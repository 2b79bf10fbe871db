// Between the place in a list of any height and the scrollbar of a browser, which ends at some millions of pixels.

// Firefox draws up to about 17.8 million, Chromium and Safari up to 33.5.
const TALLEST = 15_000_000;

export class ScrollMap {
  constructor() {
    this.height = 0;
    this.view = 1;
    // What is drawn at `place` stands at `place - shift` in the element.
    this.shift = 0;
    this.lastReal = 0;
  }

  /** The list's own height, and that of the window; returns the height that its element gets. */
  measure(height, view) {
    Object.assign(this, { height, view: Math.max(1, view) });
    if (!this.isMapped) this.shift = 0;
    return Math.min(height, TALLEST);
  }

  get isMapped() {
    return this.height > TALLEST;
  }

  /** How much further a whole scroll through the list is than one through its element. */
  get ratio() {
    return this.isMapped ? (this.height - this.view) / (TALLEST - this.view) : 1;
  }

  /**
   * The place in the list for where the element was scrolled to.
   *
   * A turn of the wheel moves by what it says, a jump of the scrollbar by its share of the whole.
   */
  placeOf(real) {
    if (this.isMapped) {
      const isJump = Math.abs(real - this.lastReal) > this.view;
      const isOver = real <= 0 || real >= TALLEST - this.view;
      if (isJump || isOver) this.shift = Math.max(0, Math.min(Math.round(real * (this.ratio - 1)), this.height - TALLEST));
    }
    this.lastReal = real;
    return real + this.shift;
  }

  /** Take a place as the one that the scrollbar stands for; returns where it has to stand. */
  settle(place) {
    const share = Math.round(place - place / this.ratio);
    this.shift = this.isMapped ? Math.max(0, Math.min(share, this.height - TALLEST)) : 0;
    const real = place - this.shift;
    this.lastReal = real;
    return real;
  }
}
