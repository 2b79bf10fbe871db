// What is being typed into the caption box, kept with each key. The browser's database answers later than a tab may end,
// so until the outbox has the text there it lies here, where it is written before the key is over.

import { makeKey } from "../lib/uuid.js";

// Nobody's yet: whose it is is known a moment after the page is there.
const NOBODY = "";

export class Drafts {
  constructor(datasetId) {
    this.prefix = `tagger.draft.${datasetId}.`;
    this.tab = NOBODY;
    this.early = new Map();
  }

  /** From now on what is typed here is kept under the name of this tab. */
  belongTo(tab) {
    this.tab = tab;
    for (const [image, draft] of this.early) this.write(image, draft);
    this.early.clear();
  }

  /** `draft` is {text, version, base}: what is in the box, and the caption it was written on top of. */
  keep(image, draft) {
    const isAsBefore = draft.text.trim() === draft.base.trim();
    if (isAsBefore) this.forget(image);
    else if (this.tab === NOBODY) this.early.set(image, draft);
    else this.write(image, draft);
  }

  write(image, draft) {
    try {
      // Two tabs that both take it over send it under one key: it counts once.
      localStorage.setItem(this.prefix + this.tab + "." + image, JSON.stringify({ ...draft, key: makeKey() }));
    } catch {
      // Nothing is kept in this browser: then it is lost with the page, as before.
    }
  }

  forget(image) {
    this.early.delete(image);
    if (this.tab !== NOBODY) remove(this.prefix + this.tab + "." + image);
  }

  /** This text of an image is safe elsewhere, whichever tab it was typed in. */
  taken(image, text) {
    for (const { name, draft } of this.all()) {
      if (draft.image === image && draft.text.trim() === text.trim()) remove(name);
    }
  }

  /** The tabs that something is kept for. */
  get tabs() {
    return new Set(this.all().map(({ tab }) => tab));
  }

  of(tab) {
    return this.all()
      .filter((found) => found.tab === tab)
      .map(({ draft }) => draft);
  }

  all() {
    return names()
      .filter((name) => name.startsWith(this.prefix))
      .flatMap((name) => {
        const [tab, image] = name.slice(this.prefix.length).split(".");
        const kept = read(name);
        return kept ? [{ name, tab, draft: { ...kept, image: Number(image) } }] : [];
      });
  }
}

function names() {
  try {
    return Object.keys(localStorage);
  } catch {
    return [];
  }
}

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

function remove(name) {
  try {
    localStorage.removeItem(name);
  } catch {
    // Then there was none.
  }
}
