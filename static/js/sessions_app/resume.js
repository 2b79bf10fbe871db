// Remembers where a person is, so that tomorrow begins there.

import { putJson } from "../lib/http.js";

const WAIT = 400;

/** Return a function that keeps an image as the place, or `null` for none; skimming keeps only where it ends. */
export function placeKeeper(api, datasetId) {
  let timer = 0;
  let waiting = null;
  const keep = () => {
    clearTimeout(timer);
    if (waiting === null) return;
    const place = { image_id: waiting };
    waiting = null;
    // Nobody waits for it, and the next picture keeps it anew.
    putJson(`${api}datasets/${datasetId}/tagging-session`, place, { keepalive: true }).catch(() => {});
  };
  window.addEventListener("pagehide", keep);
  return (image) => {
    waiting = image;
    clearTimeout(timer);
    timer = setTimeout(keep, WAIT);
  };
}
