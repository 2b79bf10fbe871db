// A picture that shows what a tag means: small, in its own colour until it is there.

import { el } from "../lib/dom.js";

export function thumbnail({ name, dataset, thumbnail: address, width, height, colour }) {
  const words = `${name} · ${dataset}`;
  const picture = el("img", { class: "example-picture", src: address, alt: words, title: words, width, height, loading: "lazy", decoding: "async" });
  picture.style.backgroundColor = colour;
  return picture;
}
