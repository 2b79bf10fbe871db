// The page of keys: what a person changes here holds on every page.

import { readJson } from "../lib/dom.js";
import { readLayout } from "../tagging/chords.js";
import { Registry } from "../tagging/registry.js";
import { startPalette } from "./anywhere.js";
import { allActions } from "./catalogue.js";
import { KeySettings } from "./key_settings.js";

const page = readJson("keys-data");
const registry = new Registry(allActions(), page.keys);
// First of all: while a key is asked for, no other listener may have it.
new KeySettings({ registry, api: page.urls.api });
readLayout().then(() => registry.dispatchEvent(new Event("change")));
const { registry: here } = startPalette(page.keys);
registry.addEventListener("change", () => here.take(registry.keyMap));
