// The list of datasets: who is tagging in which of them now. Asked for gently, while the page is looked at.

import { $, $$, fill } from "../lib/dom.js";
import { getJson } from "../lib/http.js";
import { avatars } from "./avatars.js";

const EVERY = 15000;
// As long as the server takes a page for open that says nothing any more.
const OLDEST = 45000;

const { peopleAddress } = $("[data-people-address]").dataset;
let answeredAt = -Infinity;

function draw(datasets) {
  const byId = new Map(datasets.map((one) => [String(one.dataset_id), one]));
  for (const host of $$("[data-people-of]")) {
    const { people, total } = byId.get(host.dataset.peopleOf) ?? { people: [], total: 0 };
    fill(host, avatars(people, { total }));
    host.hidden = people.length === 0;
  }
}

async function look() {
  if (document.hidden) return;
  try {
    const { datasets } = await getJson(peopleAddress);
    answeredAt = performance.now();
    draw(datasets);
  } catch {
    // Asked again in a moment; who was there a while ago need not be there now.
    if (performance.now() - answeredAt > OLDEST) draw([]);
  }
}

/** The marks lie on the card, all of which is a link: a click on them opens it as well. */
function open(event) {
  const card = event.target.closest("[data-people-of]")?.closest(".card");
  if (card) $("a", card).dispatchEvent(new MouseEvent("click", event));
}

document.addEventListener("click", open);
document.addEventListener("visibilitychange", look);
window.addEventListener("pageshow", (event) => event.persisted && look());
setInterval(look, EVERY);
look();
