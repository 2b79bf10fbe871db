// Short news at the edge of the page, with at most one thing to do about it.

import { el } from "./dom.js";
import { gettext } from "./i18n.js";

/**
 * Show a toast and return a function that takes it away.
 *
 * It stays while it is pointed at or holds the focus: nobody has to race a clock to press "Undo".
 */
export function toast(text, { kind = "info", action = null, seconds = 10 } = {}) {
  const host = document.getElementById("toasts");
  let timer = 0;
  const remove = () => {
    clearTimeout(timer);
    box.remove();
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(remove, seconds * 1000);
  };
  const act = () => {
    remove();
    action.run();
  };
  const box = el(
    "div",
    { class: `toast toast--${kind}` },
    el("span", { class: "toast__text", text }),
    action && el("button", { class: "button", type: "button", text: action.label, onclick: act }),
    el("button", { class: "button button--quiet", type: "button", text: gettext("Close"), onclick: remove }),
  );
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", wait);
  box.addEventListener("focusin", () => clearTimeout(timer));
  box.addEventListener("focusout", wait);
  host.append(box);
  wait();
  return remove;
}
