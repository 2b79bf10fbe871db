// Pictures that were deleted, alone or with their dataset, while this page was open: said once, calmly, with a way on.

export class Gone {
  constructor({ root }) {
    // Somebody who may look at the dataset but not change it.
    this.isReadOnly = root.hasAttribute("data-read-only");
    this.notice = root.querySelector("[data-gone]");
    this.box = root.querySelector("[data-tag-box]");
    this.caption = root.querySelector("[data-caption]");
    this.images = new Set();
  }

  has(image) {
    return this.images.has(image);
  }

  add(image) {
    this.images.add(image);
  }

  /** It came back from the trash; returns whether it was gone. */
  remove(image) {
    return this.images.delete(image);
  }

  /** Say it where it is so; there is nothing to write on, but what was written stays to be copied. */
  render(image) {
    const isGone = this.has(image);
    this.box.hidden = isGone || this.isReadOnly;
    this.caption.readOnly = isGone || this.isReadOnly;
    this.notice.hidden = !isGone;
  }
}
