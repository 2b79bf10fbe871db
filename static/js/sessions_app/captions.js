// Captions on the desk that need a person: two people wrote one, or the server refused one. Until somebody chose, the
// text waits in the outbox, because it is nowhere else.

import { $ } from "../lib/dom.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { toast } from "../lib/toast.js";
import { CaptionBox } from "../tagging/caption.js";
import { ConflictPanel } from "../tagging/conflict.js";

export class Captions {
  constructor({ desk, root }) {
    this.desk = desk;
    this.box = new CaptionBox({
      root,
      onSave: (image, text, version, base) => this.save(image, text, version, base),
      onKeep: (image, text, reason) => this.leaveBehind(image, text, reason),
      onSame: (image) => this.unchanged(image),
      onTyped: (image, draft) => this.typed(image, draft),
    });
    this.panel = new ConflictPanel({ root, onResolve: (choice, merged) => this.resolve(choice, merged) });
    this.input = this.box.input;
    this.input.addEventListener("blur", (event) => this.place(event.relatedTarget));
  }

  get outbox() {
    return this.desk.outbox;
  }

  /** Whatever ends this page now, not a letter is lost. */
  typed(image, draft) {
    this.outbox.drafts.keep(image, draft);
    this.desk.renderState();
  }

  conflict(image) {
    return this.outbox.stopped.find((entry) => entry.image === image && !entry.stopped.reason) ?? null;
  }

  /** The desk draws an image. */
  render(image, state, stored) {
    const refused = this.outbox.stopped.find((entry) => entry.image === image && entry.stopped.reason);
    const conflict = this.conflict(image);
    const text = conflict ? conflict.stopped.mine : state.caption.text;
    this.box.render(image, text, stored.caption.version);
    if (refused && !conflict && !this.box.isDirty) this.box.refused(refused.stopped.mine, refused.stopped.reason);
    this.panel.render(conflict && { key: conflict.key, ...conflict.stopped }, stored.caption.text);
    this.place();
  }

  /**
   * Where two texts are to choose from there is no third one, except for who is writing just now; and nothing moves
   * under the pointer of who goes from there to a choice.
   */
  place(focused = document.activeElement) {
    const isPlain = this.conflict(this.desk.image) === null;
    const stays = !this.input.hidden && (focused === this.input || this.panel.holds(focused));
    this.input.hidden = !isPlain && !stays;
  }

  save(image, text, version, base) {
    const conflict = this.conflict(image);
    if (conflict) {
      // What is written while it is open is mine as well.
      this.outbox.stop(conflict, { ...conflict.stopped, mine: text });
      this.desk.changed(image);
      return;
    }
    const steps = this.desk.editing.caption(image, text, version, base);
    // As it is stored already: nothing goes on its way.
    if (steps === 0) this.outbox.drafts.forget(image);
    this.unchanged(image);
  }

  /** Nothing is typed any more that is not stored or on its way. */
  unchanged(image) {
    this.forgetRefused(image);
    this.desk.renderState();
  }

  forgetRefused(image) {
    const refused = this.outbox.stopped.filter((entry) => entry.image === image && entry.stopped.reason);
    if (refused.length > 0) this.outbox.remove(refused);
  }

  /** Somebody else was quicker. */
  conflicted(image) {
    this.desk.changed(image);
    if (image === this.desk.image && this.conflict(image)) {
      this.desk.announce(`${$("#conflict-title").textContent.trim()}. ${this.panel.words}`);
    }
  }

  /** The server will never take this text. */
  refused(image, text, status, detail) {
    if (status === 404 && image === this.desk.image) {
      // Said once beside the box.
      this.box.refused(text, "");
      return;
    }
    if (status === 404) {
      // There may be no picture to come back to.
      const words = interpolate(gettext("%(what)s Your caption was: %(text)s"), { what: this.desk.named(image, detail), text });
      toast(words, { kind: "danger", seconds: 120 });
      return;
    }
    if (image !== this.desk.image) this.tellRefused(image, detail);
  }

  /** It was in the box when one went on: what stood there waits in the outbox. */
  leaveBehind(image, text, reason) {
    const entry = this.outbox.stopped.find((other) => other.image === image && other.stopped.reason);
    if (entry) this.outbox.stop(entry, { ...entry.stopped, mine: text });
    else this.outbox.stopText(image, text, { mine: text, reason });
    this.tellRefused(image, reason);
    this.desk.renderState();
  }

  tellRefused(image, reason) {
    const show = { label: gettext("Show"), run: () => this.show(image) };
    toast(this.desk.named(image, reason), { kind: "danger", seconds: 30, action: show });
  }

  /** Whether the picture that is shown waits for a choice. */
  get isInConflict() {
    return this.conflict(this.desk.image) !== null;
  }

  saveMerged() {
    this.panel.resolve("merged");
  }

  resolve(choice, merged) {
    const { desk } = this;
    const { image } = desk;
    this.box.flush();
    const conflict = this.conflict(image);
    const { text: theirs, version } = desk.desks.known(image).state.caption;
    const { mine } = conflict.stopped;
    // The next edit first: a browser that ends in between asks once more, rather than never.
    if (choice === "theirs") desk.editing.yieldCaption(image, mine, theirs, version);
    else desk.editing.caption(image, choice === "mine" ? mine : merged, version, theirs);
    this.outbox.remove([conflict]);
    desk.render();
    desk.toTagBox();
    desk.renderState();
    desk.announce(SAID[choice]());
  }

  focus() {
    if (this.isInConflict) this.panel.focus();
    else this.box.focus();
  }

  async showFirst() {
    const [first] = this.outbox.stopped;
    if (first) await this.show(first.image);
  }

  async show(image) {
    if (!(await this.desk.navigator.go(image))) return;
    this.focus();
    this.desk.renderState();
  }
}

const SAID = {
  mine: () => gettext("Your caption stays. Theirs is in the history."),
  theirs: () => gettext("Their caption stays. Yours is in the history."),
  merged: () => gettext("The merged caption stays. Theirs is in the history."),
};
