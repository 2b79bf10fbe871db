// The newest pictures of a running import, newest first. Those that stay are left alone, so that nothing flickers.

import { $, el } from "../lib/dom.js";

export class Latest {
  constructor(root) {
    this.box = $("[data-latest]", root);
    this.list = $("[data-latest-list]", this.box);
    this.tagAddress = root.dataset.tagAddress;
    this.drawn = new Map();
    this.list.replaceChildren();
  }

  show(images) {
    const ids = new Set(images.map(({ id }) => id));
    for (const [id, cell] of this.drawn) {
      if (ids.has(id)) continue;
      cell.remove();
      this.drawn.delete(id);
    }
    images.forEach((image, index) => {
      if (!this.drawn.has(image.id)) this.drawn.set(image.id, this.cell(image));
      const cell = this.drawn.get(image.id);
      if (this.list.children[index] !== cell) this.list.insertBefore(cell, this.list.children[index] ?? null);
    });
  }

  cell({ id, name, thumbnail }) {
    const picture = el("img", { class: "latest__image", src: thumbnail, alt: name, decoding: "async" });
    return el("li", {}, el("a", { href: this.tagAddress.replace("/0/", `/${id}/`), title: name }, picture));
  }
}
