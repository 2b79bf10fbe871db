// People as small round marks: letters, a colour beside them, and the whole name for whoever asks.

import { el } from "../lib/dom.js";
import { gettext, interpolate } from "../lib/i18n.js";

const MOST = 5;

export const nameOf = (one) => (one.is_yours ? gettext("You, in another tab") : one.name);

export const avatar = (one, tag = "li") =>
  el(
    tag,
    { class: `avatar avatar--${one.colour}`, title: nameOf(one) },
    el("span", { "aria-hidden": "true", text: one.initials }),
    el("span", { class: "visually-hidden", text: nameOf(one) }),
  );

/** At most five, then how many more; `total` where not all are known by name. */
export function avatars(people, { total = people.length } = {}) {
  const shown = people.slice(0, people.length > MOST || total > people.length ? MOST - 1 : MOST);
  const rest = Math.max(total, people.length) - shown.length;
  if (rest === 0) return shown.map((one) => avatar(one));
  const names = people.slice(shown.length).map(nameOf).join(", ");
  const more = el(
    "li",
    { class: "avatar avatar--more", title: names },
    el("span", { "aria-hidden": "true", text: `+${rest}` }),
    el("span", { class: "visually-hidden", text: interpolate(gettext("and %(count)s more: %(names)s"), { count: rest, names }) }),
  );
  return [...shown.map((one) => avatar(one)), more];
}
