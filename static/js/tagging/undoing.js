// Taking back an entry of a history, and saying in words what came of it.

import { el } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { postJson } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { makeKey } from "../lib/uuid.js";

/**
 * Take back a change; a large one in as many calls as it takes, all with one key.
 *
 * Returns {change, images, left, leftImages, kept}: the entry that took it back, how many pictures got back what they
 * had, and what stays as it is.
 */
export async function undoChange(api, id, key = makeKey()) {
  const sum = { change: null, images: 0, left: 0, leftImages: 0, kept: [] };
  for (let after = 0; after !== null; ) {
    const answer = await postJson(`${api}changes/${id}/undo`, { key, after });
    sum.change = answer.change ?? sum.change;
    sum.images += answer.images;
    sum.left += answer.left;
    sum.leftImages += answer.left_images;
    sum.kept.push(...answer.kept);
    after = answer.next;
  }
  return sum;
}

/** "3 pictures put back, 1 left alone". */
export function undoneText({ images, leftImages }) {
  const count = formatNumber(images);
  const back = interpolate(ngettext("%(count)s picture put back", "%(count)s pictures put back", images), { count });
  if (leftImages === 0) return back;
  return interpolate(gettext("%(back)s, %(count)s left alone"), { back, count: formatNumber(leftImages) });
}

/** What stays as it is, and why: a notice for under the news, or nothing. */
export function keptNotice({ kept, left }) {
  if (kept.length === 0) return null;
  const more = left - kept.length;
  const rows = kept.map(({ image_name: name, tag, why }) =>
    el(
      "li",
      {},
      el("bdi", { text: name }),
      ": ",
      el("bdi", { class: "history-kept__tag", text: tag || gettext("the caption") }),
      `. ${why}`,
    ),
  );
  const others = ngettext("and %(count)s more", "and %(count)s more", more);
  return el(
    "div",
    { class: "notice notice--warning history-kept" },
    el(
      "div",
      { class: "notice__body" },
      el("p", { class: "history-kept__title", text: gettext("Left as it is, because it was touched since:") }),
      el("ul", { tabindex: "0", "aria-label": gettext("Left as it is") }, rows, more > 0 && el("li", { text: interpolate(others, { count: formatNumber(more) }) })),
    ),
  );
}
