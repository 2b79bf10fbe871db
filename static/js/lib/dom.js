// Building elements without markup in strings: text stays text, whatever a file is called.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/**
 * Make an element: `el("button", {class: "button", type: "button", onclick: go, data: {id: 3}}, "Go")`.
 *
 * `on…` functions become listeners, `data` the dataset, `true` an attribute without a value, `null`, `undefined` and
 * `false` nothing. Children may be elements, texts, arrays of them, or nothing.
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProperty(element, name, value);
  element.append(...flatten(children));
  return element;
}

function setProperty(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "data") Object.assign(element.dataset, value);
  else if (name === "text") element.textContent = value;
  else if (name.startsWith("on") && typeof value === "function") element.addEventListener(name.slice(2), value);
  else element.setAttribute(name, value === true ? "" : value);
}

const flatten = (children) => children.flat(3).filter((child) => child !== null && child !== undefined && child !== false);

/** Replace what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...flatten(children));
  return element;
}

/** A copy of an icon that the page holds in `<template data-icon="name">`; an empty drawing where it has none. */
export function icon(name) {
  const template = document.querySelector(`template[data-icon="${name}"]`);
  const copy = template?.content.firstElementChild?.cloneNode(true) ?? document.createElementNS(SVG, "svg");
  copy.setAttribute("aria-hidden", "true");
  return copy;
}

/** The dialog that a `<template>` holds, put into the page: what is rarely opened costs nothing until then. */
export function importDialog(selector) {
  const dialog = document.querySelector(selector).content.firstElementChild.cloneNode(true);
  document.body.append(dialog);
  return dialog;
}

/** Remember what has the focus. What this returns gives it back, and calls `orElse` where that is gone or was nothing. */
export function rememberFocus() {
  const came = document.activeElement;
  return (orElse) => {
    if (came?.isConnected && came !== document.body) came.focus({ preventScroll: true });
    if (came === document.body || document.activeElement !== came) orElse();
  };
}

/** Data the server printed with `json_script`. */
export const readJson = (id) => JSON.parse(document.getElementById(id).textContent);

/** Whether a key press belongs to what is being typed, and so to nobody else. */
export function isTyping(event) {
  const target = event.target;
  return event.isComposing || target.isContentEditable || (target.matches?.("input, textarea, select") && !isButtonLike(target));
}

const isButtonLike = (target) => target.matches("input[type=checkbox], input[type=radio], input[type=button]");

/** Call `run` at most once in `wait` milliseconds, the last call always. */
export function throttle(run, wait) {
  let last = -Infinity;
  let timer = 0;
  let latest = [];
  return (...values) => {
    latest = values;
    if (timer) return;
    timer = setTimeout(
      () => {
        timer = 0;
        last = performance.now();
        run(...latest);
      },
      Math.max(0, last + wait - performance.now()),
    );
  };
}
