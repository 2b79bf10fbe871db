// Near-duplicates: what the forms do, without leaving the page, and with a way back.

import { $, $$ } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { postJson } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { toast, toastError } from "../lib/toast.js";

const form = $("[data-duplicates]");
const allDone = $("[data-all-done]");

const groupAt = (place) => $(`[data-group="${place}"]`, form);
const imagesOf = (group) => $$(`input[name="images-${group.dataset.group}"]`, group).map((input) => Number(input.value));

function choiceOf(group) {
  const keep = Number($("input[type=radio]:checked", group).value);
  const mergeTags = $("input[type=checkbox]", group).checked;
  return { keep, trash: imagesOf(group).filter((id) => id !== keep), merge_tags: mergeTags };
}

/** Take a group off the page; returns a function that puts it back where it was. */
function takeAway(group) {
  const next = group.nextElementSibling;
  const mark = document.createComment("");
  const held = group.contains(document.activeElement);
  group.replaceWith(mark);
  showEnd();
  // Where the focus was goes on to the next group, or the last one that is left.
  if (held) (next ?? $$("[data-group]", form).at(-1) ?? $("[data-look-again]")).focus();
  return () => {
    mark.replaceWith(group);
    showEnd();
    group.focus();
  };
}

function showEnd() {
  const isEmpty = !$("[data-group]", form);
  allDone.hidden = !isEmpty;
  $("[value=keep-all]").disabled = isEmpty;
}

function tell(text, undo) {
  toast(text, { action: { label: gettext("Undo"), run: () => undo().catch(toastError) } });
}

async function keepBest(groups) {
  const done = [];
  let failure = null;
  // One after the other: each group is kept whole or not at all, and what is done so far can be undone.
  for (const group of groups) {
    try {
      const kept = await postJson(`${form.dataset.api}/keep`, choiceOf(group));
      done.push({ kept, putBack: takeAway(group) });
    } catch (error) {
      failure = error;
      // A group that has changed since stays where it is; the others have not.
      if (error.status !== 409) break;
    }
  }
  if (failure) toastError(failure);
  const count = done.reduce((sum, { kept }) => sum + kept.trash.length, 0);
  if (!done.length) return;
  const words = ngettext("%(count)s image moved to the trash", "%(count)s images moved to the trash", count);
  tell(interpolate(words, { count: formatNumber(count) }), () => undoKeep(done));
}

async function undoKeep(done) {
  while (done.length) {
    const { kept, putBack } = done.at(-1);
    try {
      await postJson(`${form.dataset.api}/undo`, kept);
    } catch (error) {
      const again = { label: gettext("Try again"), run: () => undoKeep(done) };
      toastError(error, { action: again, isConnection: false });
      return;
    }
    done.pop();
    putBack();
  }
}

async function keepAll(group) {
  const images = imagesOf(group);
  try {
    await postJson(`${form.dataset.api}/distinct`, { images });
  } catch (error) {
    toastError(error);
    return;
  }
  const putBack = takeAway(group);
  const words = ngettext("%(count)s image kept", "%(count)s images kept", images.length);
  tell(interpolate(words, { count: formatNumber(images.length) }), async () => {
    await postJson(`${form.dataset.api}/distinct/undo`, { images });
    putBack();
  });
}

let busy = false;

async function submitted(event) {
  event.preventDefault();
  if (busy) return;
  busy = true;
  form.setAttribute("aria-busy", "true");
  const [action, place] = (event.submitter?.value ?? "").split(":");
  try {
    if (action === "keep") await keepBest([groupAt(place)]);
    else if (action === "keep-all") await keepBest($$("[data-group]", form));
    else if (action === "distinct") await keepAll(groupAt(place));
  } finally {
    busy = false;
    form.removeAttribute("aria-busy");
  }
}

form?.addEventListener("submit", submitted);
