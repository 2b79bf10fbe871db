// The name under which others know this page: kept over a reload, new in a copy of the tab.

import { makeKey } from "../lib/uuid.js";

const REMEMBERED = "tagger.page";

// Only while no page lives under it does it lie there: a tab that is copied meanwhile finds nothing.
function takeRemembered() {
  try {
    const name = sessionStorage.getItem(REMEMBERED);
    sessionStorage.removeItem(REMEMBERED);
    return name;
  } catch {
    return null;
  }
}

function remember(name) {
  try {
    sessionStorage.setItem(REMEMBERED, name);
  } catch {
    // After a reload it is another page, that is all.
  }
}

export class PageTab {
  constructor() {
    this.name = takeRemembered() ?? makeKey();
    window.addEventListener("pagehide", () => remember(this.name));
    window.addEventListener("pageshow", (event) => event.persisted && takeRemembered());
  }

  /** Somebody else has this name: they signed in after us in the same tab, say. */
  renew() {
    this.name = makeKey();
  }
}
