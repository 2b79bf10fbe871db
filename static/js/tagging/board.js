// The board of a dataset. It is the server's page; scripts add the filter box of a goal, one tab stop for the marks of a
// chart with many of them, and a choice that takes effect at once.

import { FilterBox } from "../datasets/filter_box.js";
import { $, $$ } from "../lib/dom.js";

/** One tab stop for all marks of a drawing; arrows lead from mark to mark, Home and End to the first and the last. */
function rove(drawing) {
  const marks = $$("a", drawing);
  if (marks.length === 0) return;
  let at = marks[0];
  const move = (mark) => {
    if (!mark) return;
    at.setAttribute("tabindex", "-1");
    at = mark;
    at.setAttribute("tabindex", "0");
    at.focus();
  };
  for (const mark of marks) mark.setAttribute("tabindex", "-1");
  at.setAttribute("tabindex", "0");
  drawing.addEventListener("focusin", (event) => {
    const mark = event.target.closest("a");
    if (mark && mark !== at) move(mark);
  });
  const next = drawing.dataset.marks === "matrix" ? cellBeside(drawing) : dotBeside(marks);
  drawing.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const target = { Home: () => marks[0], End: () => marks.at(-1) }[event.key]?.() ?? next(at, event.key);
    if (target === undefined) return;
    event.preventDefault();
    move(target);
  });
}

/** Beside a cell in its row or column, past those that lead nowhere. */
function cellBeside(drawing) {
  const cells = $$(".chart__mark", drawing);
  const across = Number(drawing.dataset.columns);
  const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
  return (cell, key) => {
    if (!(key in steps)) return undefined;
    const [down, right] = steps[key];
    let place = cells.indexOf(cell);
    let [row, column] = [Math.floor(place / across), place % across];
    for (;;) {
      [row, column] = [row + down, column + right];
      if (row < 0 || column < 0 || row >= across || column >= across) return null;
      place = row * across + column;
      if (cells[place].localName === "a") return cells[place];
    }
  };
}

/** The nearest dot on one side: what lies straight that way is nearer than what lies aslant. */
function dotBeside(marks) {
  const sides = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  const middle = (mark) => {
    const box = mark.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  return (mark, key) => {
    if (!(key in sides)) return undefined;
    const [right, down] = sides[key];
    const [x, y] = middle(mark);
    let best = null;
    let least = Infinity;
    for (const other of marks) {
      const [otherX, otherY] = middle(other);
      const ahead = (otherX - x) * right + (otherY - y) * down;
      const aside = Math.abs((otherX - x) * down) + Math.abs((otherY - y) * right);
      const way = ahead + 3 * aside;
      if (other !== mark && ahead > 0.5 && way < least) [best, least] = [other, way];
    }
    return best;
  };
}

function startGoalForm(form) {
  const root = $("[data-filter]", form);
  const query = { filter: $("[data-filter-input]", root).value };
  const error = $("[data-filter-error]", root).textContent;
  const box = new FilterBox({ root, query, onApply: () => form.requestSubmit() });
  if (error) box.fail({ detail: error });
}

/** A choice by pointer takes effect at once; by keys each arrow is a choice, so it waits for Enter or the button. */
function chooseAtOnce(form) {
  let isByKeys = false;
  form.addEventListener("pointerdown", () => (isByKeys = false));
  form.addEventListener("keydown", (event) => {
    isByKeys = true;
    if (event.key !== "Enter" || event.target.localName !== "select") return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("change", () => isByKeys || form.requestSubmit());
}

for (const drawing of $$("[data-marks]")) rove(drawing);
for (const form of $$("[data-goal-form]")) startGoalForm(form);
for (const form of $$("[data-at-once]")) chooseAtOnce(form);
