// The export page: what the zip will hold under the choice that is made, told before it is downloaded.

import { $, $$, el, fill, icon } from "../lib/dom.js";
import { formatBytes, formatNumber } from "../lib/format.js";
import { getJson } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";

const root = $("[data-export]");
const form = $("form", root);
const download = $("[data-download]", root);
let asked = 0;

const notice = (kind, name, ...words) =>
  el("div", { class: `notice notice--${kind}` }, icon(name), el("div", { class: "notice__body" }, words));

const counted = (one, many, count) => interpolate(ngettext(one, many, count), { count: formatNumber(count) });

function remarks(summary) {
  const found = [];
  const warn = (text) => found.push(notice("warning", "triangle-alert", text));
  if (!summary.images) warn(gettext("Nothing is tagged yet, so nothing would be left to export."));
  if (summary.without_text) {
    warn(
      counted(
        "%(count)s image has no text: no .txt is written beside it, and most trainers train it without a caption.",
        "%(count)s images have no text: no .txt is written beside them, and most trainers train them without a caption.",
        summary.without_text,
      ),
    );
  }
  if (summary.left_out) {
    found.push(
      notice("info", "info", counted("%(count)s untagged image is left out.", "%(count)s untagged images are left out.", summary.left_out)),
    );
  }
  if (summary.converted) {
    found.push(
      notice(
        "info",
        "info",
        counted(
          "%(count)s image is written anew as an upright 8-bit picture, because not every trainer reads it as it is.",
          "%(count)s images are written anew as upright 8-bit pictures, because not every trainer reads them as they are.",
          summary.converted,
        ),
      ),
    );
  }
  return found;
}

const example = ({ file_name: name, text }) =>
  el(
    "li",
    { class: "example" },
    el("span", { class: "example__name", dir: "ltr", title: name, text: name }),
    el("p", { class: "example__text", dir: "auto" }, text || el("em", { text: gettext("no text") })),
  );

function show(summary) {
  $("[data-images]", root).textContent = formatNumber(summary.images);
  $("[data-size]", root).textContent = formatBytes(summary.byte_size);
  const name = $("[data-file-name]", root);
  name.textContent = summary.file_name;
  name.title = summary.file_name;
  fill($("[data-remarks]", root), remarks(summary));
  const examples = summary.examples.map(example);
  fill($("[data-examples]", root), examples.length ? examples : el("li", { class: "quiet", text: gettext("Nothing yet.") }));
  download.disabled = summary.images === 0;
  $("[data-status]", root).textContent = counted("%(count)s image would be exported", "%(count)s images would be exported", summary.images);
}

function failed({ status, detail }) {
  const isGone = status === 404;
  const way = isGone && [" ", el("a", { href: root.dataset.listAddress, text: gettext("All datasets") })];
  fill($("[data-remarks]", root), notice("warning", "triangle-alert", [detail, way]));
  download.disabled = isGone;
}

/** The browser would leave the page for the server's refusal: it is asked first whether there is something to fetch. */
async function fetchZip(event) {
  event.preventDefault();
  if ((await ask()) && !download.disabled) form.submit();
}

/** Tell what the zip will hold; returns whether the server could say. */
async function ask() {
  const number = (asked += 1);
  const untagged = form.elements.untagged.value;
  root.setAttribute("aria-busy", "true");
  try {
    const summary = await getJson(`${root.dataset.summaryAddress}?${new URLSearchParams({ untagged })}`);
    if (number === asked) show(summary);
    return true;
  } catch (error) {
    if (number === asked) failed(error);
    return false;
  } finally {
    if (number === asked) root.removeAttribute("aria-busy");
  }
}

for (const choice of $$("input[name=untagged]", form)) choice.addEventListener("change", ask);
form.addEventListener("submit", fetchZip);
// Someone may have tagged on in another window; the browser may have kept the other choice.
window.addEventListener("pageshow", ask);
