// What one may do here became less, or more, while the page is open: it says so, and leaves everything else as it is.
//
// The page was drawn for what one might do then (`data-rights` on the body). The server tells what that is now, on the
// socket that is open anyway; whoever saves something is told by the answer.

import { el } from "../lib/dom.js";
import { gettext } from "../lib/i18n.js";

const KINDS = ["edit", "review", "manage"];

let drawnFor = null;
let box = null;

/** Take in what one may do now: `{edit, review, manage}`. */
export function rightsNow(rights) {
  const now = KINDS.filter((kind) => rights[kind]);
  // Where the page was drawn without telling, the first that is heard is what it shows.
  drawnFor ??= document.body.dataset.rights?.split(" ").filter(Boolean) ?? now;
  box?.remove();
  box = null;
  const words = wordsFor(now);
  if (words) show(words);
}

function wordsFor(now) {
  const isLost = (kind) => drawnFor.includes(kind) && !now.includes(kind);
  if (isLost("edit")) return gettext("You may look here from now on, but not change anything. Copy what is not saved yet, if you want to keep it.");
  if (KINDS.some(isLost)) return gettext("Your role here is another one now: some of what this page shows is for others.");
  if (now.some((kind) => !drawnFor.includes(kind))) return gettext("You may do more here from now on: load the page again to see it.");
  return "";
}

function show(words) {
  const reload = el("button", { class: "button", type: "button", text: gettext("Reload"), onclick: () => location.reload() });
  box = el("div", { class: "connection connection--rights", role: "status" }, el("span", {}), reload);
  document.body.append(box);
  // A live region says what is written into it, not what it came with.
  box.firstChild.textContent = words;
}
