// Files may be dropped anywhere on a page; an overlay says what will happen to them.

import { bringsFiles, holdDrop } from "./dropped.js";

/** Call `onDrop(held)` with what `holdDrop` took; returns a function that stops listening. */
export function dropAnywhere(overlay, onDrop) {
  let depth = 0;
  const show = (shown) => {
    if (overlay) overlay.hidden = !shown;
  };
  const enter = (event) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    depth += 1;
    show(true);
  };
  const leave = (event) => {
    if (!bringsFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) show(false);
  };
  const over = (event) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  };
  const drop = (event) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    show(false);
    onDrop(holdDrop(event.dataTransfer));
  };
  const listeners = { dragenter: enter, dragleave: leave, dragover: over, drop };
  for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener);
  };
}
