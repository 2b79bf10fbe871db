// Versions: restoring and making another dataset go in steps, and the page tells how far they are. Without this script
// the same forms do the same in one go.

import { $, el, fill } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { postJson } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-steps]");
  if (!form) return;
  event.preventDefault();
  go(form);
});

async function go(form) {
  const button = $("button[type=submit]", form);
  if (button.disabled) return;
  button.disabled = true;
  refuse(form, null);
  const said = tellSteps(form);
  try {
    const { csrfmiddlewaretoken: _token, ...facts } = Object.fromEntries(new FormData(form));
    let answer;
    do {
      answer = await postJson(form.dataset.steps, facts);
      said(answer.done, answer.parts);
    } while (!answer.is_done);
    if (form.matches(".version-fork")) location.assign(answer.dataset_page);
    else tellDone(form, answer);
  } catch (error) {
    // The key stays: pressed again, it goes on where it stopped.
    said(null);
    button.disabled = false;
    refuse(form, error);
  }
}

/** Say below the form what was refused, and lead back to its field; `null` takes it away. */
function refuse(form, error) {
  $("[data-refused]", form)?.remove();
  const field = $("input[type=text]", form);
  for (const name of ["aria-invalid", "aria-describedby"]) field?.removeAttribute(name);
  if (!error) return;
  const line = el("p", { class: "field__error", id: `${field?.id ?? "restore"}-refused`, role: "alert", data: { refused: "" }, text: error.detail });
  if (!field || error.isPassing) {
    form.append(line);
    return;
  }
  field.after(line);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", line.id);
  field.focus();
}

/** A bar and a line below the form; what is returned moves them, and takes them away for `null`. */
function tellSteps(form) {
  const bar = el("progress", { class: "version-steps__bar", max: "1", "aria-label": gettext("How far it is") });
  const line = el("p", { class: "quiet small", role: "status", text: gettext("Working…") });
  const box = el("div", { class: "version-steps" }, bar, line);
  form.append(box);
  return (done, parts) => {
    if (done === null) {
      box.remove();
      return;
    }
    bar.value = parts === 0 ? 1 : done / parts;
    line.textContent = interpolate(gettext("%(done)s of %(parts)s parts"), { done: formatNumber(done), parts: formatNumber(parts) });
  };
}

function tellDone(form, answer) {
  const box = form.closest(".panel, .notice");
  const title = $("h2", box);
  const words = el("div", { class: "version-done", tabindex: "-1" }, sentences(answer).map((text) => el("p", { text })));
  const { images, history } = document.querySelector("[data-versions]").dataset;
  const links = el(
    "p",
    { class: "row" },
    el("a", { class: "button", href: images, text: gettext("Look at the images") }),
    answer.change !== null && el("a", { class: "button", href: `${history}#entry-${answer.change}`, text: gettext("Its entry in the history") }),
  );
  words.append(links);
  fill(box, title, words);
  words.focus();
}

function sentences({ words, returned, remade, trashed, lost }) {
  const count = (number, one, many) => number > 0 && interpolate(ngettext(one, many, number), { count: formatNumber(number) });
  const told = [
    gettext("The dataset is what it was in this version."),
    count(words, "%(count)s image has its words back.", "%(count)s images have their words back."),
    count(returned + remade, "%(count)s image came back.", "%(count)s images came back."),
    count(trashed, "%(count)s image is in the trash.", "%(count)s images are in the trash."),
    count(lost, "%(count)s picture could not come back: its file is gone.", "%(count)s pictures could not come back: their files are gone."),
  ];
  return told.filter(Boolean);
}
