// Short news at the edge of the page, with at most one thing to do about it.

import { el } from "./dom.js";
import { SERVER_ANSWERS } from "./http.js";
import { gettext } from "./i18n.js";

// By text: said again, the news replaces what said it before.
const shown = new Map();
const untilConnected = new Set();
const reconnected = () => [...untilConnected].forEach((remove) => remove());
for (const event of [SERVER_ANSWERS, "online"]) window.addEventListener(event, reconnected);

/** Show what went wrong with a call; that nothing answered is said until something does. */
export const toastError = (error, options = {}) =>
  toast(error.detail, { kind: "danger", isConnection: error.status === 0, ...options });

/**
 * Show a toast and return a function that takes it away.
 *
 * It stays while it is pointed at or holds the focus: nobody has to race a clock to press "Undo".
 * With `isConnection` it goes as soon as the server answers again.
 */
export function toast(text, { kind = "info", action = null, seconds = 10, isConnection = false } = {}) {
  const host = document.getElementById("toasts");
  let timer = 0;
  const remove = () => {
    clearTimeout(timer);
    box.remove();
    untilConnected.delete(remove);
    if (shown.get(text) === remove) shown.delete(text);
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
  // Two of them may offer to do different things about the same words.
  if (!action || isConnection) {
    shown.get(text)?.();
    shown.set(text, remove);
  }
  if (isConnection) untilConnected.add(remove);
  host.append(box);
  wait();
  return remove;
}
