// The states of a review: their words, and which steps a person may take from each. As in tagging/services/reviewing.py.

import { gettext } from "../lib/i18n.js";

export const STATES = {
  UNTAGGED: { label: gettext("untagged"), kind: "" },
  IN_PROGRESS: { label: gettext("in progress"), kind: "" },
  READY: { label: gettext("ready"), kind: "accent" },
  APPROVED: { label: gettext("approved"), kind: "success" },
  CHANGES_REQUESTED: { label: gettext("changes requested"), kind: "warning" },
};

const DECISIONS = {
  UNTAGGED: [],
  IN_PROGRESS: ["READY"],
  READY: ["APPROVED", "CHANGES_REQUESTED", "IN_PROGRESS"],
  APPROVED: ["CHANGES_REQUESTED"],
  CHANGES_REQUESTED: ["READY"],
};

// Judging is for reviewers.
const JUDGEMENTS = new Set(["APPROVED", "CHANGES_REQUESTED"]);

/** The steps from a state that somebody may take who `may` edit, or review. */
export const decisionsOf = (state, may) => DECISIONS[state].filter((next) => (JUDGEMENTS.has(next) ? may.review : may.edit));

/** The state with what is on its way: words that are not stored yet count as words. */
export function shownState({ review_state: state = "UNTAGGED", tagged }) {
  if (!tagged) return "UNTAGGED";
  return state === "UNTAGGED" ? "IN_PROGRESS" : state;
}
