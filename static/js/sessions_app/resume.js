// Remembers where a person is, so that tomorrow begins there, and tells in the same breath what they left behind.

import { putJson } from "../lib/http.js";
import { Visits } from "./visits.js";

const WAIT = 400;

/**
 * Return a function that keeps an image as the place, or `null` for none; skimming keeps only where it ends.
 *
 * `walk` is the tagging session, `null` for the default one; `where(image)` gives `{number, total}` as the desk shows
 * them. `keep.edited(image)` notes that the server took an edit, `keep.settled()` waits until all is told.
 */
export function placeKeeper(api, datasetId, { walk = null, where = () => ({}) } = {}) {
  const visits = new Visits();
  let timer = 0;
  let waiting = null;
  let place = null;
  let sending = Promise.resolve();
  const send = () => {
    clearTimeout(timer);
    const image = waiting ?? place;
    waiting = null;
    // Without a picture there is nothing to tell them with: they go with the next one.
    if (image === null) return;
    const left = visits.take();
    if (image === place && left.length === 0) return;
    place = image;
    const { number, total } = where(image);
    const body = { image_id: image, walk, number: number ?? 0, total: total ?? 0, visits: left };
    // Nobody waits for it, and the next picture keeps it anew.
    sending = putJson(`${api}datasets/${datasetId}/tagging-session`, body, { keepalive: true }).catch((error) => {
      if (error.isPassing) visits.giveBack(left);
    });
  };
  window.addEventListener("pagehide", () => {
    visits.leave();
    send();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) visits.show(place);
  });
  const keep = (image) => {
    visits.show(image);
    waiting = image;
    if (image === null) place = null;
    clearTimeout(timer);
    timer = setTimeout(send, WAIT);
  };
  keep.edited = (image) => visits.edited(image);
  keep.settled = () => {
    const { image } = visits;
    visits.leave();
    visits.show(image);
    send();
    return sending;
  };
  return keep;
}
