// What the vocabulary made of the words of an import's texts: told once it is done, where there is anything to tell.

import { $, el, fill } from "../lib/dom.js";
import { getJson } from "../lib/http.js";

export class TextNotes {
  constructor(root, address) {
    this.address = address;
    this.box = $("[data-text-notes]", root);
    this.list = $("[data-text-notes-list]", this.box);
    this.box.hidden = true;
    this.told = -1;
  }

  show({ state, sidecars }) {
    // Texts that were held are read after the pictures, and their words told then.
    if (state !== "DONE" || sidecars === 0 || this.told === sidecars) return;
    this.told = sidecars;
    this.fetch();
  }

  async fetch() {
    const answer = await getJson(`${this.address}/sidecars`).catch(() => null);
    const notes = answer?.notes ?? [];
    this.box.hidden = notes.length === 0;
    fill(this.list, notes.map(({ detail }) => el("li", { class: "text-note", dir: "auto", text: detail })));
  }
}
