// The page of a dataset: puts the grid, what is done to many pictures, keys and palette together.

import { $ } from "../lib/dom.js";
import { gettext } from "../lib/i18n.js";
import { DatasetPage } from "../datasets/dataset_page.js";
import { SelectionBar } from "../datasets/selection_bar.js";
import { readLayout } from "../tagging/chords.js";
import { Help } from "../tagging/help.js";
import { bindButtons } from "../tagging/keys.js";
import { startPalette } from "./anywhere.js";
import { FilterHandOver } from "./filter_hand_over.js";
import { GRID_FEATURES, READING_FEATURES, TEACHING_FEATURES } from "./grid_features.js";

const page = new DatasetPage($("[data-grid]"));
const there = page.filterBox ? [...(page.mayEdit ? GRID_FEATURES : []), ...(page.mayTeach ? TEACHING_FEATURES : []), ...READING_FEATURES] : [];
const features = there.map((Feature) => new Feature(page));
if (page.filterBox) {
  new SelectionBar(page);
  new FilterHandOver(page);
}

// Under the names and keys that they have on the desk.
const group = gettext("On this page");
const shared = [
  { id: "undo", group, label: gettext("Take back"), keys: ["$mod+KeyZ"], when: "free", run: () => features.forEach((feature) => feature.undoLast?.()) },
  { id: "help", group, label: gettext("All keys"), keys: ["F1"], run: () => help.open() },
  { id: "helpToo", group, label: gettext("All keys, when nothing is being typed"), keys: ["[Shift]+?"], when: "free", run: () => help.open() },
];
const here = page.filterBox ? page.actions() : [];
const { registry, known } = startPalette(null, [...here, ...features.flatMap((feature) => feature.actions()), ...shared]);
const help = new Help({ registry, onClose: () => page.grid.focusCell() });

bindButtons(registry);
Promise.all([readLayout(), known]).then(() => registry.dispatchEvent(new Event("change")));
page.start();
