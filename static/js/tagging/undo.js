// What was done in this tab and can be taken back, over all pictures; it survives a reload. An action is
// `{id, image, steps}`, a step `{key, operation, inverse, place}`: the edit's key, what was done, what takes it back,
// and between which tags it left its own; `first` is the key of the first of several captions written in one go.

import { makeKey } from "../lib/uuid.js";

const MOST_STEPS = 2000;
const KEEP_WITHIN = 300;
// Sentences that are written in one go are taken back in one go.
const ONE_GO = 60000;

export class History {
  constructor(datasetId, storage = sessionStorage) {
    this.name = `tagger.undo.${datasetId}`;
    this.storage = storage;
    this.done = [];
    this.undone = [];
    this.load();
    window.addEventListener("pagehide", () => this.keep());
  }

  load() {
    try {
      const kept = JSON.parse(this.storage.getItem(this.name) ?? "{}");
      Object.assign(this, { done: kept.done ?? [], undone: kept.undone ?? [] });
    } catch {
      // Unreadable or forbidden: this page begins with nothing to take back.
    }
  }

  keep() {
    clearTimeout(this.timer);
    this.timer = 0;
    try {
      this.storage.setItem(this.name, JSON.stringify({ done: this.done, undone: this.undone }));
    } catch {
      // Full: what was done can be taken back until the page is left.
    }
  }

  keepSoon() {
    this.timer ||= setTimeout(() => this.keep(), KEEP_WITHIN);
  }

  /** Remember an action; returns it, or `null` where nothing was done. */
  record(image, steps, { keepsRedo = false } = {}) {
    if (steps.length === 0) return null;
    if (!keepsRedo) this.undone = this.undone.filter((action) => action.image !== image);
    const action = (!keepsRedo && this.continued(image, steps)) || push(this.done, { id: makeKey(), image, steps, at: Date.now() });
    this.bound();
    this.keepSoon();
    return action;
  }

  recordUndone(image, steps) {
    if (steps.length > 0) push(this.undone, { id: makeKey(), image, steps, at: Date.now() });
    this.bound();
    this.keepSoon();
  }

  /** A caption that goes on where the last action left it is one action with it. */
  continued(image, [step]) {
    const last = this.done.at(-1);
    const isCaption = (action) => action.steps.length === 1 && action.steps[0].operation.kind === "caption";
    if (step.operation.kind !== "caption" || last?.image !== image || !isCaption(last)) return null;
    if (Date.now() - last.at > ONE_GO || last.steps[0].operation.text !== step.inverse.text) return null;
    const [{ key, first, inverse }] = last.steps;
    last.steps = [{ ...step, first: first ?? key, inverse }];
    last.at = Date.now();
    return last;
  }

  /** The picture of what is taken back next: this one first, then the one of the last action; `null` for none. */
  whereDone(image) {
    return nextOf(this.done, image)?.image ?? null;
  }

  whereUndone(image) {
    return nextOf(this.undone, image)?.image ?? null;
  }

  takeDone(image) {
    return this.take("done", nextOf(this.done, image));
  }

  takeUndone(image) {
    return this.take("undone", nextOf(this.undone, image));
  }

  byId(id) {
    return this.take("done", this.done.find((action) => action.id === id) ?? null);
  }

  take(list, action) {
    this[list] = this[list].filter((other) => other !== action);
    this.keepSoon();
    return action;
  }

  /** An edit was refused: there is nothing to take back. */
  forgetEdit(key) {
    for (const list of ["done", "undone"]) {
      const kept = this[list].map((action) => ({ ...action, steps: action.steps.filter((step) => step.key !== key) }));
      this[list] = kept.filter((action) => action.steps.length > 0);
    }
    this.keepSoon();
  }

  /** The server stored an edit's tag under another name: that is the one to take back. */
  respell(key, tag) {
    for (const step of [...this.done, ...this.undone].flatMap((action) => action.steps)) {
      if (step.key !== key) continue;
      step.operation = { ...step.operation, tag };
      step.inverse = { ...step.inverse, tag };
    }
    this.keepSoon();
  }

  forgetImage(image) {
    this.done = this.done.filter((action) => action.image !== image);
    this.undone = this.undone.filter((action) => action.image !== image);
    this.keepSoon();
  }

  bound() {
    for (const list of [this.done, this.undone]) {
      let count = list.reduce((sum, action) => sum + action.steps.length, 0);
      while (count > MOST_STEPS && list.length > 1) count -= list.shift().steps.length;
    }
  }
}

function push(list, action) {
  list.push(action);
  return action;
}

const nextOf = (list, image) => list.findLast((action) => action.image === image) ?? list.at(-1) ?? null;
