// What the desk has beside its loop. Each is made with the desk and the page's data; it listens to the desk's events
// (see `desk.js`) and may give actions, which then have keys, buttons, help and a place in the palette like all others.

import { AboutTag } from "./about_tag.js";
import { HistoryPanel } from "./history_panel.js";
import { Asking } from "./asking.js";
import { Clipboard } from "./clipboard.js";
import { Live } from "./live.js";
import { People } from "./people.js";
import { QuickTags } from "./quick_tags.js";
import { Reading } from "./reading.js";
import { RecentTags } from "./recent.js";
import { Review } from "./review.js";
import { TagQuestions } from "./tag_questions.js";
import { Walk } from "./walk.js";

export function makeFeatures(desk, page) {
  const live = new Live(desk, page);
  return [
    new People(desk, page, live),
    new Review(desk),
    new HistoryPanel(desk, page),
    new Walk(desk, page),
    new QuickTags(desk, page),
    new RecentTags(desk, page),
    new Clipboard(desk),
    new Reading(desk, page),
    new Asking(desk, page),
    new TagQuestions(desk),
    new AboutTag(desk, page),
  ];
}

/** Their classes: pages without a desk ask them what their actions are called, and which keys they have. */
export const FEATURES = [People, Review, HistoryPanel, Walk, QuickTags, RecentTags, Clipboard, Reading, Asking, TagQuestions, AboutTag];

export const actionsOf = (features) => features.flatMap((feature) => feature.actions?.() ?? []);
