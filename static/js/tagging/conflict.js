// Two people wrote one caption: what it was, both texts with what each changed, and both changes in one text to save as
// it is or to work on. Nothing is lost before a person chose, nor afterwards: what was not taken is in the history.

import { $, el, fill } from "../lib/dom.js";
import { gettext } from "../lib/i18n.js";
import { difference, merge } from "./merge.js";

const MARKS = { added: "ins", removed: "del" };

export class ConflictPanel {
  /** `onResolve(choice, merged)` with "mine", "theirs" or "merged". */
  constructor({ root, onResolve }) {
    this.panel = $("[data-conflict]", root);
    this.advice = $("[data-conflict-advice]", this.panel);
    this.details = $("details", this.panel);
    this.merged = $("[data-merged]", this.panel);
    this.onResolve = onResolve;
    this.shown = null;
    this.panel.addEventListener("click", (event) => {
      const choice = event.target.closest("[data-resolve]")?.dataset.resolve;
      if (choice) this.resolve(choice);
    });
  }

  resolve(choice) {
    this.onResolve(choice, this.merged.value.trim());
  }

  get isClean() {
    return this.shown?.result.isClean ?? false;
  }

  holds(element) {
    return !this.panel.hidden && this.panel.contains(element);
  }

  /** `conflict` is `{key, mine, base}`, or `null` for none; `theirs` is what is stored now. */
  render(conflict, theirs) {
    this.panel.hidden = conflict === null;
    if (conflict === null) {
      this.shown = null;
      return;
    }
    const { key, mine } = conflict;
    // Kept by an earlier version of this page, without what it was made from.
    const base = conflict.base ?? "";
    const before = this.shown;
    if (before?.key === key && before.mine === mine && before.theirs === theirs) return;
    this.shown = { key, mine, theirs, result: merge(base, mine, theirs) };
    this.write(base, before);
  }

  write(base, before) {
    const { key, mine, theirs, result } = this.shown;
    this.fill("[data-base]", base ? [base] : []);
    this.fill("[data-mine]", marked(base, mine));
    this.fill("[data-theirs]", marked(base, theirs));
    // What a person began to write here stays theirs.
    const isTouched = before?.key === key && this.merged.value !== before.result.text;
    if (!isTouched) this.merged.value = result.text;
    this.advice.textContent = this.words;
    this.details.open = !result.isClean;
  }

  fill(selector, parts) {
    fill($(selector, this.panel), parts.length > 0 ? parts : el("span", { class: "conflict__none", text: gettext("Nothing") }));
  }

  get words() {
    return this.isClean
      ? gettext("Your change and theirs fit together. Save the merged text, or choose.")
      : gettext("You both changed the same words. Write what shall stay, or choose one text.");
  }

  /** Where both changes fit, the next Enter saves them. */
  focus() {
    this.panel.scrollIntoView({ block: "nearest" });
    if (this.isClean) $("[data-resolve=merged]", this.panel).focus();
    else this.merged.focus();
  }
}

/** A text with what it has more and less than the one before it: told by line and by word, not by colour alone. */
function marked(before, after) {
  return difference(before, after).map(({ kind, text }) => {
    if (kind === "same") return text;
    const said = kind === "added" ? gettext("added:") : gettext("removed:");
    return el(MARKS[kind], {}, el("span", { class: "visually-hidden", text: ` ${said} ` }), text);
  });
}
