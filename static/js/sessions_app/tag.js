// The tagging desk: puts its parts together.

import { $, readJson } from "../lib/dom.js";
import { makeActions } from "../tagging/actions.js";
import { readLayout } from "../tagging/chords.js";
import { Help } from "../tagging/help.js";
import { bindButtons, bindKeys, writeHints } from "../tagging/keys.js";
import { makePageActions } from "../tagging/page_actions.js";
import { Registry } from "../tagging/registry.js";
import { Compare } from "./compare.js";
import { Desk } from "./desk.js";
import { actionsOf, makeFeatures } from "./features.js";
import { Info } from "./info.js";
import { Loupe } from "./loupe.js";
import { Palette, datasetRows, tagRows } from "./palette.js";

const LEAVE_WAIT = 1500;
// What somebody who only looks has no keys, buttons or lines in the palette for.
const EDITS = new Set(
  ("take keep comma choose erase sameAsPrevious undo redo trash takeOver nextFree pinTag arrangeQuickTags ask askYes " +
    "askNo askSkip askBack pasteTags exampleOf saveMerged readyAndOn markReady notReady").split(" "),
);

const page = readJson("desk-data");
const desk = new Desk(page);
const { api } = page.urls;
// What is being saved gets a moment; a page that cannot be left without loss asks.
const go = (address) => {
  desk.caption.flush();
  desk.saver.settled(LEAVE_WAIT).then(() => location.assign(address));
};
const compare = new Compare(desk);
const features = [new Loupe(desk, compare), compare, new Info(desk), ...makeFeatures(desk, page)];
const pageActions = makePageActions({ urls: { ...$("#palette").dataset, ...page.urls }, go, openPalette: () => palette.open() });
const all = makeActions(desk, [...actionsOf(features), ...pageActions]);
// What a tag means is everybody's: no role in a dataset gives the right to change it.
const isTaught = (id) => id === "exampleOf" && !desk.may.teach;
const isMine = ({ id }) => !isTaught(id) && (desk.may.edit || !(EDITS.has(id) || id.startsWith("quickTag")));
const registry = new Registry(all.filter(isMine), page.keys);
desk.registry = registry;
const palette = new Palette({ registry, datasets: datasetRows(api, go), tags: tagRows(desk, api) });
const help = new Help({ registry, onClose: () => desk.toTagBox() });
desk.addEventListener("help", () => help.open());

bindKeys(registry);
bindButtons(registry);
writeHints(registry);
readLayout().then(() => registry.dispatchEvent(new Event("change")));

desk.begin();
