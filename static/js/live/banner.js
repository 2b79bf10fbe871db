// The connection banner: quiet after 1.5 s without an answer, plain about it after 10 s, gone when it heals.

import { el } from "../lib/dom.js";
import { SERVER_ANSWERS } from "../lib/http.js";
import { gettext, interpolate } from "../lib/i18n.js";

const QUIET_AFTER = 1500;
const OFFLINE_AFTER = 10000;

let box = null;
let lostAt = 0;
let timer = 0;
let nextTryAt = 0;
let tryNow = () => {};

/** Say that nothing answers; `at` is when the next attempt comes, `retry` makes it now. */
export function connectionLost({ at = 0, retry = () => {} } = {}) {
  lostAt ||= performance.now();
  nextTryAt = at;
  tryNow = retry;
  if (!timer) timer = setInterval(draw, 500);
  draw();
}

export function connectionFound() {
  clearInterval(timer);
  timer = 0;
  lostAt = 0;
  box?.remove();
  box = null;
  window.dispatchEvent(new Event(SERVER_ANSWERS));
}

function draw() {
  const away = performance.now() - lostAt;
  if (away < QUIET_AFTER) return;
  if (!box) {
    const retry = el("button", { class: "button button--quiet", type: "button", text: gettext("Try now"), onclick: () => tryNow() });
    box = el(
      "div",
      { class: "connection", role: "status" },
      el("span", { class: "connection__dot", "aria-hidden": "true" }),
      el("span", {}),
      el("span", { class: "numbers", "aria-hidden": "true" }),
      retry,
    );
    document.body.append(box);
  }
  const [, text, countdown, retry] = box.children;
  const offline = away >= OFFLINE_AFTER;
  const words = offline ? gettext("Offline. The page goes on as soon as the server answers.") : gettext("Reconnecting…");
  // Written only when it changes: a live region repeats what is written.
  if (text.textContent !== words) text.textContent = words;
  const seconds = Math.max(0, Math.ceil((nextTryAt - performance.now()) / 1000));
  countdown.textContent = offline && seconds > 0 ? interpolate(gettext("%(count)s s"), { count: seconds }) : "";
  retry.hidden = !offline;
  box.dataset.state = offline ? "offline" : "connecting";
}
