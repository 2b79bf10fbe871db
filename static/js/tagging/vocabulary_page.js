// The vocabulary: how many tags are chosen, tags dragged into a category, and one tag opened. The forms do the work.

import { $, $$ } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { toastError } from "../lib/toast.js";
import { WordDialog } from "./word_dialog.js";

const form = $("#words");
const boxes = () => $$('input[name="word"]', form);
const chosen = () => boxes().filter((box) => box.checked);

function showChosen() {
  const count = chosen().length;
  const text = ngettext("%(count)s tag chosen", "%(count)s tags chosen", count);
  $("[data-chosen]").textContent = count ? interpolate(text, { count: formatNumber(count) }) : gettext("No tag chosen");
  for (const button of $$("[data-needs-one]")) button.disabled = !count || ("oneOnly" in button.dataset && count > 1);
  const all = $("[data-choose-all]");
  all.checked = count > 0 && count === boxes().length;
  all.indeterminate = count > 0 && count < boxes().length;
}

function chooseAll(event) {
  for (const box of boxes()) box.checked = event.target.checked;
  showChosen();
}

/** Choose from the last pressed box to this one, as in every list. */
let last = null;
function chooseRange(event) {
  const box = event.target.closest('input[name="word"]');
  if (!box) return;
  if (event.shiftKey && last) {
    const all = boxes();
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((one, other) => one - other);
    for (const each of all.slice(from, to + 1)) each.checked = box.checked;
  }
  last = box;
  showChosen();
}

function startDrag(event) {
  const grip = event.target.closest?.("[data-grip]");
  if (!grip) return;
  const box = $('input[name="word"]', grip.closest("[data-word]"));
  // Who drags a tag that is not chosen means this one.
  if (!box.checked) for (const each of boxes()) each.checked = each === box;
  showChosen();
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", "");
  event.dataTransfer.setDragImage(grip.closest("[data-word]"), 12, 12);
  document.body.dataset.dragging = "";
}

const target = (event) => ("dragging" in document.body.dataset ? event.target.closest?.("[data-drop]") : null);

function mark(place) {
  for (const each of $$("[data-drop]")) each.classList.toggle("word-category--over", each === place);
}

function dragOver(event) {
  const place = target(event);
  mark(place);
  if (!place) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
}

function drop(event) {
  const place = target(event);
  if (!place) return;
  event.preventDefault();
  $("#category").value = place.dataset.drop;
  form.requestSubmit($('[value="sort"]', form));
}

function endDrag() {
  delete document.body.dataset.dragging;
  mark(null);
}

// --- One tag -------------------------------------------------------------------------------------------

const ADDRESS = /^#tag-(\d{1,18})$/u;
const dialog = new WordDialog({ api: $("#palette").dataset.api, onClose: closed });

function openWord(id) {
  dialog.open(id).catch(toastError);
}

function pressed(event) {
  const link = event.target.closest("[data-open-word]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  // The address names the tag, for whoever sends it to others.
  history.replaceState(null, "", `#tag-${link.dataset.openWord}`);
  openWord(link.dataset.openWord);
}

function closed(id, isChanged) {
  history.replaceState(null, "", location.pathname + location.search);
  if (isChanged) renewRow(id).catch(() => {});
}

/** Show the row as the server has it now; one that does not fit the search any more stays until the next look. */
async function renewRow(id) {
  const row = $(`[data-word="${id}"]`);
  if (!row) return;
  const answer = await fetch(location.pathname + location.search, { credentials: "same-origin" });
  const fresh = $(`[data-word="${id}"]`, new DOMParser().parseFromString(await answer.text(), "text/html"));
  if (!fresh) return;
  const hadFocus = row.contains(document.activeElement);
  const box = $('input[name="word"]', fresh);
  if (box) box.checked = $('input[name="word"]', row).checked;
  row.replaceWith(document.adoptNode(fresh));
  if (hadFocus) $("[data-open-word]", fresh).focus();
}

const openNamed = () => ADDRESS.test(location.hash) && openWord(ADDRESS.exec(location.hash)[1]);
document.addEventListener("click", pressed);
window.addEventListener("hashchange", openNamed);
openNamed();

if (form && $("[data-choose-all]")) {
  $("[data-choose-all]").hidden = false;
  $("[data-choose-all]").addEventListener("change", chooseAll);
  form.addEventListener("click", chooseRange);
  form.addEventListener("change", showChosen);
  document.addEventListener("dragstart", startDrag);
  document.addEventListener("dragover", dragOver);
  document.addEventListener("drop", drop);
  document.addEventListener("dragend", endDrag);
  // Boxes stay checked when a person comes back.
  window.addEventListener("pageshow", showChosen);
  showChosen();
}
