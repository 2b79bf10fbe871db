// A new tagging session: how many pictures its filter matches, told while it is typed. On a page of its own, and in a
// dialog where a link to that page is.

import { $, $$, el, fill } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { getJson } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";

const WAIT = 200;

const form = $("[data-start-form]");
const input = $("#start-filter", form);
const line = $("[data-count]", form);
let timer = 0;
let asked = 0;

async function count() {
  const turn = (asked += 1);
  const query = new URLSearchParams({ filter: input.value });
  try {
    const { images } = await getJson(`${form.dataset.countAddress}?${query}`);
    if (turn === asked) say(images);
  } catch (error) {
    if (turn === asked) refuse(error.detail);
  }
}

function say(images) {
  input.removeAttribute("aria-invalid");
  if (images === 0) {
    const all = el("button", { class: "button button--small", type: "button", text: gettext("All pictures"), onclick: () => write("") });
    fill(line, gettext("No picture matches."), " ", input.value.trim() !== "" && all);
    return;
  }
  const words = ngettext("%(count)s picture", "%(count)s pictures", images);
  fill(line, interpolate(words, { count: formatNumber(images) }));
}

function refuse(detail) {
  input.setAttribute("aria-invalid", "true");
  fill(line, el("span", { class: "field__error", text: detail }));
}

function write(text) {
  input.value = text;
  input.focus();
  count();
}

input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(count, WAIT);
});
for (const button of $$("[data-example]", form)) {
  button.hidden = false;
  button.addEventListener("click", () => write(button.dataset.example));
}

const dialog = $("[data-start-dialog]");
// Out of the page while it is closed: beside a large grid each element counts.
const parts = [...(dialog?.children ?? [])];

function open(event) {
  // In a tab of its own it is the page.
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  dialog.append(...parts);
  dialog.showModal();
  input.focus();
  count();
}

if (dialog) {
  for (const link of $$("[data-start-session]")) link.addEventListener("click", open);
  for (const button of $$("[data-start-close]", dialog)) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      dialog.close();
    });
  }
  dialog.addEventListener("close", () => dialog.replaceChildren());
  dialog.replaceChildren();
} else if (!input.hasAttribute("aria-invalid")) {
  count();
}
