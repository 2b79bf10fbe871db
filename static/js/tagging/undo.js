// Taking back what was done here, image by image: an edit that is undone is one more edit, the opposite one.

import { inverseOf } from "./state.js";

const DEEPEST = 200;

export class History {
  constructor() {
    this.done = new Map();
    this.undone = new Map();
  }

  /** Remember the operations of one action, seen from the state before each. */
  record(image, steps, { keepsRedo = false } = {}) {
    const inverses = steps.map(({ before, operation }) => inverseOf(before, operation)).filter(Boolean);
    if (inverses.length === 0) return;
    const stack = listOf(this.done, image);
    stack.push(inverses.reverse());
    if (stack.length > DEEPEST) stack.shift();
    if (!keepsRedo) this.undone.delete(image);
  }

  recordUndone(image, steps) {
    const inverses = steps.map(({ before, operation }) => inverseOf(before, operation)).filter(Boolean);
    if (inverses.length > 0) listOf(this.undone, image).push(inverses.reverse());
  }

  takeDone(image) {
    return listOf(this.done, image).pop() ?? null;
  }

  takeUndone(image) {
    return listOf(this.undone, image).pop() ?? null;
  }
}

function listOf(map, image) {
  if (!map.has(image)) map.set(image, []);
  return map.get(image);
}
