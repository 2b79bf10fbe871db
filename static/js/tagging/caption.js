// The caption box: saved when typing pauses, when it is left, and before another picture is shown.

const PAUSE = 600;

export class CaptionBox {
  /**
   * `onSave(image, text, version, base)` saves what was written on top of `base`; `onKeep(image, text, reason)` keeps a
   * refused text that is left behind, and `onSame(image)` is told of one that was written back to what is stored.
   * `onTyped(image, {text, version, base})` is told of each key, before any of these.
   */
  constructor({ root, onSave, onKeep, onSame, onTyped }) {
    Object.assign(this, { onSave, onKeep, onSame, onTyped });
    this.input = root.querySelector("[data-caption]");
    this.error = root.querySelector("[data-caption-error]");
    this.image = null;
    this.shown = "";
    this.isDirty = false;
    this.refusal = "";
    this.version = 0;
    this.input.readOnly = false;
    this.input.addEventListener("input", (event) => this.typed(event));
    this.input.addEventListener("compositionend", (event) => this.typed(event));
    this.input.addEventListener("blur", () => this.flush());
  }

  /** Whether letters stand here that are not on their way yet. */
  get isTyping() {
    return this.isDirty && !this.refusal && !this.input.readOnly;
  }

  typed() {
    this.isDirty = true;
    this.refusal = "";
    this.fail("");
    this.tellTyped();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), PAUSE);
  }

  tellTyped() {
    this.onTyped(this.image, { text: this.input.value, version: this.version, base: this.shown });
  }

  /** Show an image's caption; `version` is the server's, that the next edit builds on. */
  render(image, text, version) {
    if (image !== this.image) {
      this.keepRefused();
      this.flush();
      this.image = image;
      this.isDirty = false;
      this.fail("");
    }
    // What is being written is not overwritten; the old version tells the server that it was.
    if (this.isDirty) return;
    this.version = version;
    this.shown = text;
    // The server trims what it stores: a blank just typed at the end stays under the cursor.
    if (this.input.value.trim() !== text.trim()) this.input.value = text;
  }

  /** A text of ours was stored: what is typed on top of it builds on that version. */
  stored(image, version) {
    if (image !== this.image) return;
    this.version = version;
    if (this.isDirty && !this.refusal) this.tellTyped();
  }

  /** The server will never take this text: it stays in the box, with the reason. */
  refused(text, reason) {
    if (!this.isDirty) this.input.value = text;
    this.isDirty = true;
    this.refusal = reason;
    this.fail(reason);
  }

  /** A refusal may come in the moment in which one goes on: its text is nowhere but in this box. */
  keepRefused() {
    if (!this.refusal) return;
    this.onKeep(this.image, this.input.value, this.refusal);
    this.refusal = "";
    this.isDirty = false;
  }

  flush() {
    clearTimeout(this.timer);
    // Read-only: there is no picture any more to save it to; the text stays to be copied.
    if (!this.isDirty || this.input.readOnly) return;
    this.isDirty = false;
    const text = this.input.value;
    const base = this.shown;
    if (text.trim() === base.trim()) {
      this.onSame(this.image);
      return;
    }
    this.shown = text;
    this.onSave(this.image, text.trim(), this.version, base.trim());
  }

  focus() {
    this.input.focus();
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
  }

  fail(text) {
    this.error.textContent = text;
    this.error.hidden = text === "";
  }
}
