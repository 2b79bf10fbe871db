// Copying the tags of a picture to another one, or anywhere else. The browser's own copy and paste do it: they need
// no permission, and work where the page was not fetched over https.

import { isTyping } from "../lib/dom.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { toast } from "../lib/toast.js";
import { isTooLong, splitList } from "../tagging/names.js";

const hasSelection = (target) => {
  if (target.matches?.("input, textarea")) return target.selectionStart !== target.selectionEnd;
  return !(document.getSelection()?.isCollapsed ?? true);
};

export class Clipboard {
  constructor(desk) {
    this.desk = desk;
    // What was copied last here, for where the clipboard is refused.
    this.copied = "";
    document.addEventListener("copy", (event) => this.copying(event));
    // Before the tag box hears it.
    document.addEventListener("paste", (event) => this.pasting(event), { capture: true });
  }

  actions() {
    const group = gettext("In the tag box");
    // The keys are the browser's: its events come to `copying` and `pasting`.
    const never = () => false;
    return [
      { id: "copyTags", group, label: gettext("Copy all tags, when nothing is selected"), keys: ["$mod+KeyC"], isFixed: true, when: never, run: () => this.copy() },
      { id: "pasteTags", group, label: gettext("Paste tags, when the tag box is empty"), keys: ["$mod+KeyV"], isFixed: true, when: never, run: () => this.paste() },
    ];
  }

  get text() {
    const { desk } = this;
    return desk.shown(desk.image).tags.map((tag) => tag.name).join(", ");
  }

  /** Whether a press is the desk's, and not a text field's or a dialog's. */
  isOurs({ target }) {
    if (document.querySelector("dialog[open]")) return false;
    if (target === this.desk.box.input) return target.value === "";
    return !isTyping({ target });
  }

  copying(event) {
    if (!this.isOurs(event) || hasSelection(event.target)) return;
    if (this.text === "") {
      this.desk.announce(gettext("There are no tags to copy."));
      return;
    }
    event.clipboardData.setData("text/plain", this.text);
    event.preventDefault();
    this.tellCopied();
  }

  async copy() {
    if (this.text === "") {
      this.desk.announce(gettext("There are no tags to copy."));
      return;
    }
    const { text } = this;
    this.tellCopied();
    await navigator.clipboard?.writeText(text).catch(() => {});
    this.desk.toTagBox();
  }

  tellCopied() {
    this.copied = this.text;
    const { length: count } = this.desk.shown(this.desk.image).tags;
    const words = ngettext("%(count)s tag copied", "%(count)s tags copied", count);
    toast(interpolate(words, { count }), { seconds: 4 });
  }

  pasting(event) {
    if (!this.isOurs(event)) return;
    const pasted = event.clipboardData?.getData("text") ?? "";
    const names = splitList(pasted);
    // One word that comes from elsewhere goes into the box: it may be the start of a tag.
    const isWord = names.length < 2 && !/[,\n\r]/u.test(pasted) && pasted !== this.copied;
    if (names.length === 0 || (isWord && event.target === this.desk.box.input)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.add(names);
  }

  async paste() {
    const read = await navigator.clipboard?.readText?.().catch(() => null);
    const names = splitList(read || this.copied);
    if (names.length > 0) this.add(names);
    else toast(gettext("There is nothing to paste. Where the page may not look into the clipboard, press Ctrl V in the empty tag box."));
    this.desk.toTagBox();
  }

  add(names) {
    const { desk } = this;
    if (names.some(isTooLong)) {
      desk.box.commit(names); // says why not
      return;
    }
    const { image } = desk;
    desk.box.onWait(() => desk.box.inLine(() => this.addNow(image, names)));
  }

  addNow(image, names) {
    const { desk } = this;
    const count = () => desk.shown(image).tags.length;
    const before = count();
    desk.add(image, names, { mayBeSlips: true });
    const added = count() - before;
    if (added === 0) toast(gettext("All of these tags are here already."), { seconds: 4 });
    // More than one are offered by the desk itself, as with every action of many.
    if (added === 1) desk.takingBack.offer(desk.editing.history.done.at(-1));
  }
}
