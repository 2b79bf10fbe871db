// How far a picture is in its review, as a small mark with a word.

import { el } from "../lib/dom.js";
import { gettext } from "../lib/i18n.js";

const DECIDED = {
  READY: ["ready", gettext("ready")],
  APPROVED: ["approved", gettext("approved")],
  CHANGES_REQUESTED: ["changes", gettext("changes requested")],
};

/** The word for a state that a person decided; empty for what the words on the picture tell. */
export const stateWord = (image) => DECIDED[image.state]?.[1] ?? "";

/** The mark of a cell: the review where there is one, else whether the picture has words. Its drawing is in the style. */
export function stateMark(image) {
  const [kind, word] = DECIDED[image.state] ?? [];
  if (kind) return el("span", { class: `cell__state cell__state--${kind}`, title: word });
  return image.tagged && el("span", { class: "cell__mark", title: gettext("tagged") });
}

/** The mark by name: "ready", "approved", "changes", "tagged", or `null`. */
export const markKind = (image) => DECIDED[image.state]?.[0] ?? (image.tagged ? "tagged" : null);
