// The palette on pages without a desk: the ways from page to page, and every dataset.

import { $ } from "../lib/dom.js";
import { getJson } from "../lib/http.js";
import { bindKeys } from "../tagging/keys.js";
import { makePageActions } from "../tagging/page_actions.js";
import { Registry } from "../tagging/registry.js";
import { Palette, datasetRows } from "./palette.js";

/**
 * Returns the `registry` of what can be done here, and `known`, which waits for the keys to be those of the person.
 *
 * `keyMap` is asked for where the page does not have it; `more` are the page's own actions.
 */
export function startPalette(keyMap = null, more = []) {
  const urls = { ...$("#palette").dataset };
  const go = (address) => location.assign(address);
  const actions = makePageActions({ urls, go, openPalette: () => palette.open() });
  const registry = new Registry([...more, ...actions], keyMap ?? {});
  const palette = new Palette({ registry, datasets: datasetRows(urls.api, go) });
  bindKeys(registry);
  return { registry, known: keyMap === null ? learnKeys(registry, urls.api) : Promise.resolve() };
}

/** The keys as they came until it is known that they were changed. */
async function learnKeys(registry, api) {
  registry.take(await getJson(`${api}key-map`).catch(() => ({})));
}
