// The history of a dataset: "Undo" without leaving the page. Everything else is the server's.

import { $, fill } from "../lib/dom.js";
import { gettext } from "../lib/i18n.js";
import { toast, toastError } from "../lib/toast.js";
import { keptNotice, undoChange, undoneText } from "./undoing.js";

const kept = $("[data-kept]");
const { api } = $("[data-entries]").dataset;
let isBusy = false;

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-undo]");
  if (!form) return;
  event.preventDefault();
  const facts = new FormData(form);
  undo(facts.get("change"), facts.get("key"));
});

async function undo(change, key) {
  if (isBusy) return;
  isBusy = true;
  try {
    const undone = await undoChange(api, change, key);
    const redo = { label: gettext("Undo"), run: () => undo(undone.change) };
    toast(undoneText(undone), { action: undone.change === null ? null : redo });
    fill(kept, keptNotice(undone));
  } catch (error) {
    toastError(error);
  } finally {
    isBusy = false;
  }
  await readAgain(change);
}

/** Take the entries as the server shows them now; the focus stays with the entry it was on. */
async function readAgain(change) {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = $("[data-entries]", page);
    if (!fresh) return;
    const hadFocus = document.activeElement === document.body || $("[data-entries]").contains(document.activeElement);
    $("[data-entries]").replaceWith(document.adoptNode(fresh));
    const entry = document.getElementById(`entry-${change}`);
    if (!hadFocus || !entry) return;
    entry.tabIndex = -1;
    entry.focus({ preventScroll: true });
  } catch {
    // Offline: what is shown is as old as it was.
  }
}
