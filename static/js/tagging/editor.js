// The tag box: what is typed, pasted and pressed in it. It keeps the focus after everything.

import { gettext, interpolate } from "../lib/i18n.js";
import { isTooLong, splitList, tidy } from "./names.js";

export class TagBox {
  /**
   * `target()` is the image that is shown; `onAdd(image, names, {mayBeSlips})` and `onRemove(name)` edit it; `onNext` goes on,
   * and `onWait(work)` does what takes a while.
   */
  constructor({ root, suggestions, chips, target, onAdd, onRemove, onNext, onWait, announce }) {
    Object.assign(this, { suggestions, chips, target, onAdd, onRemove, onNext, onWait, announce });
    this.input = root.querySelector("input");
    this.error = root.querySelector("[data-tag-error]");
    this.drafts = new Map();
    this.armed = null;
    // Takes that wait for their suggestions, one after the other: keys go on meanwhile.
    this.queue = Promise.resolve();
    // Before combobox-nav hears a key, and after it has heard what was typed.
    root.addEventListener("keydown", (event) => this.pressed(event), { capture: true });
    root.addEventListener("input", (event) => this.typed(event));
    root.addEventListener("compositionend", () => this.typed({ isComposing: false }));
    this.input.addEventListener("paste", (event) => this.pasted(event));
    this.input.addEventListener("blur", () => this.disarm());
  }

  get text() {
    return tidy(this.input.value);
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  clear() {
    this.input.value = "";
    this.suggestions.update("");
  }

  /** Another image is shown: what was half typed stays with the one it was typed for. */
  show(image, previous) {
    if (previous !== null && this.text) this.drafts.set(previous, this.input.value);
    else this.drafts.delete(previous);
    this.input.value = this.drafts.get(image) ?? "";
    this.fail("");
    this.disarm();
    this.suggestions.update();
  }

  pressed(event) {
    if (event.target !== this.input) return;
    if (event.isComposing || event.keyCode === 229) {
      // These are the input method's. combobox-nav would take them where its list opened in mid-word.
      event.stopPropagation();
      return;
    }
    if (event.key !== "Backspace") this.disarm();
    const handlers = { Enter: this.entered, Tab: this.tabbed, Backspace: this.erased, ArrowDown: this.opened, Escape: this.escaped };
    if (!handlers[event.key]?.call(this, event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Each of these returns whether the key is done with; else it goes on to combobox-nav and the browser. */
  entered(event) {
    if (event.altKey || event.shiftKey) return false;
    const text = this.text;
    if (event.ctrlKey || event.metaKey) this.commit([text]);
    else if (text === "" && !this.suggestions.isOpen) this.goOn(event);
    else return this.takes(text);
    return true;
  }

  goOn(event) {
    // A held key would run through the whole dataset.
    if (event.repeat) return;
    // Behind what was entered before; but what is entered next must not wait in memory for a picture that does not come.
    this.inLine(() => {
      this.onNext();
    });
  }

  takes(text) {
    if (this.suggestions.isCurrent(text)) {
      if (this.suggestions.chosen !== null) return false; // combobox-nav takes it
      this.commit([text]);
    } else {
      this.takeLater(text);
    }
    return true;
  }

  /** Enter was quicker than the answer: the box is free at once, the first suggestion is added when it is known. */
  takeLater(text) {
    const image = this.target();
    this.clear();
    const best = this.suggestions.best(text);
    const take = async () => this.onAdd(image, [await best()], { mayBeSlips: true });
    this.onWait(() => this.inLine(take));
  }

  /** Do something behind what still waits; one that fails holds nobody up. */
  inLine(work) {
    this.queue = this.queue.then(work).catch((error) => console.error(error));
    return this.queue;
  }

  tabbed(event) {
    if (event.shiftKey || this.text === "") return false;
    return this.takes(this.text);
  }

  erased(event) {
    if (this.input.value !== "") return false;
    if (event.repeat || this.chips.last === null) return true;
    if (this.armed === this.chips.last) {
      this.onRemove(this.armed);
      this.disarm();
    } else {
      this.armed = this.chips.last;
      this.chips.arm(this.armed);
      this.announce(interpolate(gettext("%(name)s is selected. Backspace again removes it."), { name: this.armed }));
    }
    return true;
  }

  disarm() {
    if (this.armed === null) return;
    this.armed = null;
    this.chips.arm(null);
  }

  opened(event) {
    if (this.suggestions.isOpen || this.text !== "" || event.altKey) return false;
    this.suggestions.open();
    return true;
  }

  escaped() {
    if (this.input.value === "" && !this.suggestions.isOpen) return false;
    this.fail("");
    this.clear();
    return true;
  }

  typed(event) {
    if (event.isComposing) return;
    this.fail("");
    if (!this.input.value.includes(",")) {
      this.suggestions.update();
      return;
    }
    this.commit(splitList(this.input.value));
  }

  pasted(event) {
    const pasted = event.clipboardData?.getData("text") ?? "";
    if (!/[,\n\r]/u.test(pasted)) return;
    event.preventDefault();
    const { value, selectionStart, selectionEnd } = this.input;
    this.commit(splitList(value.slice(0, selectionStart) + pasted + value.slice(selectionEnd)));
  }

  commit(names) {
    const wanted = names.filter(Boolean);
    const long = wanted.find(isTooLong);
    if (long) {
      this.fail(gettext("A tag has at most 200 characters. Write this as a caption instead."));
      return;
    }
    this.clear();
    const image = this.target();
    // In line behind takes that still wait, so that tags keep the order they were typed in.
    if (wanted.length > 0) this.onWait(() => this.inLine(() => this.onAdd(image, wanted, { mayBeSlips: true })));
  }

  fail(text) {
    this.error.textContent = text;
    this.error.hidden = text === "";
    if (text) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }
}
