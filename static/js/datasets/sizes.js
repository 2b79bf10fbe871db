// How large the pictures of the grid are: seven steps, remembered on this device.

import { $$ } from "../lib/dom.js";

const SIZES = [84, 112, 144, 180, 232, 300, 400];
const REMEMBERED = "grid-size";

export class Sizes {
  /** `group` holds the buttons; `null` where there is nothing to size. */
  constructor(grid, group) {
    Object.assign(this, { grid, group });
    grid.size = remembered();
    if (!group) return;
    group.hidden = false;
    this.showLimits();
  }

  change(step) {
    const size = SIZES[Math.max(0, Math.min(SIZES.indexOf(this.grid.size) + step, SIZES.length - 1))];
    this.grid.setSize(size);
    try {
      localStorage.setItem(REMEMBERED, size);
    } catch {
      // Storage is off: the size is the usual one the next time, that is all.
    }
    this.showLimits();
  }

  showLimits() {
    for (const button of $$("[data-size-step]", this.group)) {
      const next = SIZES.indexOf(this.grid.size) + Number(button.dataset.sizeStep);
      button.setAttribute("aria-disabled", String(next < 0 || next >= SIZES.length));
    }
  }
}

function remembered() {
  let kept = 0;
  try {
    kept = Number(localStorage.getItem(REMEMBERED));
  } catch {
    // see `change`
  }
  return SIZES.includes(kept) ? kept : window.innerWidth < 640 ? 112 : 180;
}
