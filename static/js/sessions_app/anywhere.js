// The palette on pages without a desk: the ways from page to page, and every dataset.

import { $ } from "../lib/dom.js";
import { getJson } from "../lib/http.js";
import { bindKeys } from "../tagging/keys.js";
import { makePageActions } from "../tagging/page_actions.js";
import { Registry } from "../tagging/registry.js";
import { Palette, datasetRows } from "./palette.js";

/** Returns the registry of what can be done here; `keyMap` is asked for where the page does not have it. */
export async function startPalette(keyMap = null) {
  const urls = { ...$("#palette").dataset };
  const go = (address) => location.assign(address);
  const actions = makePageActions({ urls, go, openPalette: () => palette.open() });
  const registry = new Registry(actions, keyMap ?? {});
  const palette = new Palette({ registry, datasets: datasetRows(urls.api, go) });
  bindKeys(registry);
  // The keys as they came until it is known that they were changed.
  if (keyMap === null) registry.take(await getJson(`${urls.api}key-map`).catch(() => ({})));
  return registry;
}
