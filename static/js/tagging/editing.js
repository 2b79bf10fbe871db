// Every change of an image's tags goes through here: optimistic on the page, an operation on its way to the server,
// and a step that can be taken back.

import { applyOperation } from "./state.js";
import { History } from "./undo.js";

export class Editing {
  /** `shown(image)` is the state as the page shows it now. */
  constructor({ saver, vocabulary, shown, onChange }) {
    Object.assign(this, { saver, vocabulary, shown, onChange });
    this.history = new History();
  }

  /** Do operations on an image as one action; returns their steps. */
  apply(image, operations) {
    let state = this.shown(image);
    const steps = [];
    for (const operation of operations) {
      const before = state;
      state = applyOperation(before, operation);
      if (JSON.stringify(state) === JSON.stringify(before)) continue;
      steps.push({ before, operation });
      this.saver.add(image, operation);
      this.learn(operation);
    }
    if (steps.length > 0) this.onChange(image);
    return steps;
  }

  learn({ kind, tag }) {
    if (kind === "add") this.vocabulary.learn(tag, 1);
    if (kind === "remove") this.vocabulary.learn(tag, -1);
  }

  do(image, operations) {
    const steps = this.apply(image, operations);
    this.history.record(image, steps);
    return steps.length;
  }

  add(image, names) {
    return this.do(image, names.map((tag) => ({ kind: "add", tag, before: null })));
  }

  remove(image, tag) {
    return this.do(image, [{ kind: "remove", tag }]);
  }

  move(image, tag, before) {
    return this.do(image, [{ kind: "move", tag, before }]);
  }

  caption(image, text, version) {
    this.saver.add(image, { kind: "caption", text, version });
    this.onChange(image);
  }

  /** Take back the last action on this image; returns whether there was one. */
  undo(image) {
    const operations = this.history.takeDone(image);
    if (!operations) return false;
    this.history.recordUndone(image, this.apply(image, operations));
    return true;
  }

  redo(image) {
    const operations = this.history.takeUndone(image);
    if (!operations) return false;
    this.history.record(image, this.apply(image, operations), { keepsRedo: true });
    return true;
  }
}
