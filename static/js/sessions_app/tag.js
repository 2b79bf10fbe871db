// The tagging desk: puts its parts together.

import { $, readJson } from "../lib/dom.js";
import { openSocket } from "../live/socket.js";
import { DATASET_CHANGED } from "../live/messages.js";
import { makeActions } from "../tagging/actions.js";
import { bindButtons, bindKeys, fillHelp, writeHints } from "../tagging/keys.js";
import { Desk } from "./desk.js";
import { actionsOf, makeFeatures } from "./features.js";

const page = readJson("desk-data");
const desk = new Desk(page);
const features = makeFeatures(desk, page);
const actions = makeActions(desk, actionsOf(features));

bindKeys(actions);
bindButtons(actions);
writeHints(actions);

const help = $("#help");
fillHelp($("[data-help]", help), actions);
$("[data-close]", help).addEventListener("click", () => help.close());
help.addEventListener("click", (event) => {
  if (event.target === help) help.close();
});
help.addEventListener("close", () => desk.toTagBox());

openSocket(`/ws/datasets/${page.dataset.id}/`, {
  onMessage: ({ type, data }) => {
    if (type === DATASET_CHANGED) desk.heard(data);
  },
  onState: (state) => {
    if (state === "open") desk.saver.retryNow();
  },
});

desk.begin();
