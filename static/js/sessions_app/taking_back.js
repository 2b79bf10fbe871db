// Ctrl+Z on the desk: the last action on this picture, else the last one of this tab, wherever it was; and it says what.

import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { toast } from "../lib/toast.js";

export class TakingBack {
  constructor(desk) {
    this.desk = desk;
    // One after the other: the next key may come while the picture is on its way.
    this.queue = Promise.resolve();
  }

  undo() {
    this.inLine(() => this.go("whereDone", "undo", UNDONE));
  }

  redo() {
    this.inLine(() => this.go("whereUndone", "redo", REDONE));
  }

  inLine(work) {
    this.queue = this.queue.then(work).catch((error) => console.error(error));
  }

  async go(where, act, words) {
    const { desk } = this;
    const { editing } = desk;
    desk.caption.flush();
    const image = editing.history[where](desk.image);
    if (image === null) {
      desk.announce(words.none());
      return;
    }
    const isElsewhere = image !== desk.image;
    if (isElsewhere && !(await desk.navigator.go(image))) {
      // With its picture, what was done there is gone; the next key goes on to what was before it.
      if (desk.gone.has(image) || desk.deleting.has(image)) editing.history.forgetImage(image);
      return;
    }
    this.tell(image, editing[act](image), words, { isElsewhere });
  }

  /** Several at once, on whatever picture: one press takes them back. */
  offer(action) {
    this.removeOffer?.();
    const undo = { label: gettext("Undo"), run: () => this.inLine(() => this.undoAction(action)) };
    this.removeOffer = toast(this.desk.named(action.image, this.describe(action.steps.map((step) => step.operation))), { action: undo });
  }

  undoAction({ id, image }) {
    const result = this.desk.editing.undoAction(id);
    if (result) this.tell(image, result, UNDONE, { isElsewhere: image !== this.desk.image });
    else this.desk.announce(UNDONE.none());
    this.desk.toTagBox();
  }

  tell(image, result, words, { isElsewhere }) {
    if (!result) return;
    const { taken, touched } = result;
    const said = [];
    if (taken.length > 0) said.push(interpolate(words.done(), { what: this.describe(taken) }));
    if (touched.length > 0) said.push(this.describeTouched(touched));
    const text = said.join(" ");
    if (text === "") return;
    // What others changed, or what happened on another picture, is told to the eye as well.
    if (isElsewhere || touched.length > 0) toast(this.desk.named(image, text), { seconds: 6 });
    this.desk.announce(isElsewhere ? this.desk.named(image, text) : text);
  }

  describe(operations) {
    const [first] = operations;
    const count = operations.length;
    if (count === 1) return interpolate(ONE[first.kind](), { name: first.tag ?? "" });
    const kinds = new Set(operations.map((operation) => operation.kind));
    const kind = kinds.size === 1 ? first.kind : "several";
    return interpolate(MANY[kind](count), { count });
  }

  describeTouched(operations) {
    const [first] = operations;
    if (operations.length > 1) {
      const words = gettext("%(count)s of them were changed by somebody else meanwhile and stay as they are.");
      return interpolate(words, { count: operations.length });
    }
    if (first.kind === "caption") return gettext("The caption was changed by somebody else meanwhile and stays as it is.");
    return interpolate(gettext("%(name)s was changed by somebody else meanwhile and stays as it is."), { name: first.tag });
  }
}

const UNDONE = {
  none: () => gettext("Nothing to take back."),
  done: () => gettext("Took back: %(what)s."),
};

const REDONE = {
  none: () => gettext("Nothing to do again."),
  done: () => gettext("Done again: %(what)s."),
};

const ONE = {
  add: () => gettext("%(name)s, added"),
  remove: () => gettext("%(name)s, removed"),
  move: () => gettext("%(name)s, moved"),
  caption: () => gettext("the caption, changed"),
};

const MANY = {
  add: (count) => ngettext("%(count)s tag added", "%(count)s tags added", count),
  remove: (count) => ngettext("%(count)s tag removed", "%(count)s tags removed", count),
  move: (count) => ngettext("%(count)s tag moved", "%(count)s tags moved", count),
  several: (count) => ngettext("%(count)s change", "%(count)s changes", count),
};
