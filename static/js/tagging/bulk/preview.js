// What an action would do: how many pictures it changes, and some of them before and after.

import { el, fill } from "../../lib/dom.js";
import { formatNumber } from "../../lib/format.js";
import { gettext, interpolate, ngettext } from "../../lib/i18n.js";
import { tagDifferences, textDifferences } from "./diff.js";

const KINDS = {
  gone: ["del", gettext("goes")],
  new: ["ins", gettext("comes")],
  moved: ["span", gettext("moves here")],
  same: ["span", ""],
};

/** "87 of 120 images change". */
export function countText(changed, images) {
  if (changed === 0) return gettext("Nothing changes: all of them are that way already.");
  const words = ngettext("%(changed)s of %(images)s image changes", "%(changed)s of %(images)s images change", images);
  return interpolate(words, { changed: formatNumber(changed), images: formatNumber(images) });
}

/** The samples as a list. */
export function showSamples(list, samples) {
  fill(list, samples.map(sample));
  list.hidden = samples.length === 0;
}

function sample({ name, thumbnail, before, after }) {
  const picture = el("img", { class: "bulk-sample__picture", alt: "", decoding: "async", loading: "lazy", src: thumbnail });
  picture.addEventListener("error", () => picture.removeAttribute("src"), { once: true });
  return el(
    "li",
    { class: "bulk-sample" },
    picture,
    el("div", { class: "bulk-sample__words" }, el("bdi", { class: "bulk-sample__name truncate", text: name }), tagsOf(before.tags, after.tags), captionOf(before.caption, after.caption)),
  );
}

function tagsOf(before, after) {
  if (before.join("\n") === after.join("\n")) return null;
  return el("ul", { class: "bulk-sample__tags" }, tagDifferences(before, after).map((part) => el("li", {}, shown(part, "bulk-diff--tag"))));
}

function captionOf(before, after) {
  if (before === after) return null;
  return el("p", { class: "bulk-sample__caption" }, textDifferences(before, after).map((part) => shown(part, "")));
}

function shown({ kind, value }, style) {
  const [tag, word] = KINDS[kind];
  return el(
    tag,
    { class: `bulk-diff bulk-diff--${kind} ${style}` },
    word && el("span", { class: "visually-hidden", text: `${word}: ` }),
    style ? el("bdi", { text: value }) : value,
  );
}
