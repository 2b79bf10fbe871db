// All actions by name and key, for pages without a desk: what they do needs one, what they are does not.

import { DatasetPage } from "../datasets/dataset_page.js";
import { makeActions } from "../tagging/actions.js";
import { makePageActions } from "../tagging/page_actions.js";
import { Compare } from "./compare.js";
import { FEATURES, actionsOf } from "./features.js";
import { GRID_FEATURES, READING_FEATURES, TEACHING_FEATURES } from "./grid_features.js";
import { Info } from "./info.js";
import { Loupe } from "./loupe.js";

const ANYWHERE = Object.fromEntries(
  ["grid", "tag", "export", "import", "history", "board", "versions", "duplicates", "trash", "datasets", "vocabulary", "sessions", "keys"].map((name) => [name, "#"]),
);

export const allActions = () =>
  makeActions(null, [
    ...actionsOf([Loupe, Compare, Info, ...FEATURES, DatasetPage, ...GRID_FEATURES, ...TEACHING_FEATURES, ...READING_FEATURES].map((Feature) => Feature.prototype)),
    ...makePageActions({ urls: ANYWHERE, go: () => {}, openPalette: () => {} }),
  ]);
