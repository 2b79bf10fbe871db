// The page of a dataset: the grid, its size, what changes while one looks, and files dropped on it.

import { $, $$, isTyping, throttle } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { pause } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { toast, toastError } from "../lib/toast.js";
import { DESK_CHANGED, DESK_PEOPLE } from "../live/messages.js";
import { openSocket } from "../live/socket.js";
import { dropAnywhere } from "./drop_anywhere.js";
import { Grid } from "./grid.js";
import { ImageRows } from "./image_rows.js";
import { startMenu } from "./look_at.js";
import { Trash } from "./trash.js";

const SIZES = [84, 112, 144, 180, 232, 300, 400];
const REMEMBERED = "grid-size";

const host = $("[data-grid]");
const status = $("[data-status]");

const images = new ImageRows(host.dataset.imagesAddress, {
  untagged: "untaggedOnly" in host.dataset,
  flag: host.dataset.flag,
  state: host.dataset.state,
  total: Number(host.dataset.total),
  onChange: () => grid.refresh(),
});
const mayDelete = "trashAddress" in host.dataset;
const tagAddress = (id) => host.dataset.tagAddress.replace(/\/0\/$/, `/${id}/`);
const grid = new Grid(host, images, tagAddress, mayDelete ? moveToTrash : null);
let revision = Number(host.dataset.revision);
// What the socket told last: what it tells next is what changed since then.
let known = revision;

// --- size ------------------------------------------------------------------------------------------

function rememberedSize() {
  const kept = Number(readKept());
  return SIZES.includes(kept) ? kept : window.innerWidth < 640 ? 112 : 180;
}

function readKept() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null; // storage is off: the size is the usual one, that is all
  }
}

function changeSize(step) {
  const index = Math.max(0, Math.min(SIZES.indexOf(grid.size) + step, SIZES.length - 1));
  grid.setSize(SIZES[index]);
  try {
    localStorage.setItem(REMEMBERED, SIZES[index]);
  } catch {
    // see readKept
  }
  showSizeLimits();
}

function showSizeLimits() {
  for (const button of $$("[data-size]", $("[data-sizes]"))) {
    const next = SIZES.indexOf(grid.size) + Number(button.dataset.size);
    button.setAttribute("aria-disabled", String(next < 0 || next >= SIZES.length));
  }
}

function startSizes() {
  const group = $("[data-sizes]");
  if (!group) return;
  group.hidden = false;
  for (const button of $$("[data-size]", group)) button.addEventListener("click", () => changeSize(Number(button.dataset.size)));
  document.addEventListener("keydown", (event) => {
    if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") changeSize(1);
    else if (event.key === "-") changeSize(-1);
  });
  showSizeLimits();
}

// --- the grid --------------------------------------------------------------------------------------

async function startGrid() {
  grid.size = rememberedSize();
  try {
    await images.need(grid.lastInSight());
  } catch (error) {
    toastError(error, { action: { label: gettext("Try again"), run: startGrid } });
    return;
  }
  const place = history.state?.grid;
  if (place) grid.focusIndex = place.focus;
  grid.show();
  if (place) window.scrollTo({ top: place.top });
}

// Back from a picture leads to where one was in the grid; the browser's own memory is too early for rows that come later.
function rememberPlace() {
  history.replaceState({ ...history.state, grid: { top: window.scrollY, focus: grid.focusIndex } }, "");
}

// --- trash -----------------------------------------------------------------------------------------

const trash = new Trash(host.dataset.trashAddress, { onRestored: restored });

async function moveToTrash(image) {
  images.remove(image.id);
  try {
    await trash.move([image]);
    countTrash(1);
  } catch (error) {
    toastError(error);
    readAgain();
  }
}

async function restored(back) {
  countTrash(-back.length);
  await images.reload(Math.max(grid.lastInSight(), grid.focusIndex)).catch(readAgain);
  const index = images.indexOf(back.at(-1).id);
  if (index >= 0) grid.moveTo(index);
}

function countTrash(step) {
  const line = $("[data-trash]");
  const count = Math.max(0, Number(line.dataset.trash) + step);
  line.dataset.trash = count;
  line.hidden = count === 0;
  const words = ngettext("%(count)s image in the trash", "%(count)s images in the trash", count);
  $("[data-trash-text]", line).textContent = interpolate(words, { count: formatNumber(count) });
}

// --- live ------------------------------------------------------------------------------------------

function showNumbers(numbers) {
  const { images: count, tagged, importing } = numbers;
  $("[data-facts]").hidden = count === 0;
  $("[data-images]").textContent = interpolate(ngettext("%(count)s image", "%(count)s images", count), {
    count: formatNumber(count),
  });
  $("[data-tagged]").textContent = interpolate(gettext("%(count)s tagged"), { count: formatNumber(tagged) });
  $("[data-import-pill]").hidden = importing === 0;
  if ($("[data-untagged]")) $("[data-untagged]").textContent = formatNumber(count - tagged);
  const progress = $("[data-progress] progress");
  if (progress) {
    progress.max = Math.max(1, count);
    progress.value = tagged;
    progress.classList.toggle("progress--done", count > 0 && tagged === count);
  }
}

const announce = throttle((text) => {
  status.textContent = text;
}, 5000);

let refreshing = null;
let pending = null;

/** Read the images again; while that runs, changes are gathered, and the more it costs the rarer it gets. */
async function refreshImages() {
  while (pending !== null && !document.hidden) {
    const goal = pending;
    pending = null;
    const started = performance.now();
    try {
      await images.reload(Math.max(grid.lastInSight(), grid.focusIndex));
      revision = goal;
      reloadWhereEmpty();
      grid.show();
    } catch {
      pending ??= goal;
    }
    await pause(Math.max(1000, 3 * (performance.now() - started)));
  }
}

/** The server prints what an empty list has to say; not while the way back from the trash is still shown. */
async function reloadWhereEmpty() {
  while (images.total === 0 && !leaving) {
    if (!trash.isOffered) {
      location.reload();
      return;
    }
    await pause(500);
  }
}

function startRefresh() {
  refreshing ??= refreshImages().finally(() => {
    refreshing = null;
  });
}

/** Write the marks of images that changed, where that is all there is to it; returns whether it was. */
function markChanged({ changed: rows, is_complete: isComplete, images: count }) {
  const isWhole = !host.dataset.flag && !host.dataset.state && !("untaggedOnly" in host.dataset);
  if (!isComplete || !isWhole || count !== images.total || rows.some((row) => row.is_gone)) return false;
  for (const { id, is_tagged: tagged, review_state: state } of rows) {
    const image = images.at(images.indexOf(id));
    // Further down than is loaded: it comes as it is by then.
    if (!image) continue;
    Object.assign(image, { tagged, state });
    grid.patch(id);
  }
  return true;
}

function showPeople({ people }) {
  const byImage = new Map();
  for (const one of people) {
    if (one.image === null) continue;
    const name = one.is_yours ? gettext("You, in another tab") : one.name;
    byImage.set(one.image, [...(byImage.get(one.image) ?? []), { name, initials: one.initials, colour: one.colour }]);
  }
  grid.setPeople(byImage);
}

function changed(numbers) {
  showNumbers(numbers);
  known = numbers.revision;
  if (numbers.revision === revision) return;
  if (pending === null && refreshing === null && markChanged(numbers)) {
    revision = numbers.revision;
    return;
  }
  const wasEmpty = $("[data-empty]") !== null;
  if (wasEmpty && images.total === 0 && numbers.images > 0 && !leaving) {
    // The page was printed without its tools; the server prints it right.
    location.reload();
    return;
  }
  pending = numbers.revision;
  startRefresh();
  announce(interpolate(ngettext("%(count)s image", "%(count)s images", numbers.images), { count: formatNumber(numbers.images) }));
}

/** Read the images again, whatever is known of them. */
function readAgain() {
  pending = -1;
  startRefresh();
}

window.addEventListener("pagehide", rememberPlace);
document.addEventListener("visibilitychange", startRefresh);
// A page that the browser kept and brought back shows old marks: ask.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) readAgain();
});

// --- files dropped here --------------------------------------------------------------------------------

// The import page that is on its way here.
let leaving = null;

async function importHere(held) {
  if (leaving) {
    (await leaving)?.dropped(held);
    return;
  }
  leaving = bringImportPage(held);
  if (!(await leaving)) leaving = null;
}

async function bringImportPage(held) {
  try {
    const { showImportPage } = await import("./import_here.js");
    return await showImportPage(host.dataset.importAddress, held, leave);
  } catch {
    toast(gettext("The server does not answer. Drop the files again in a moment."), { kind: "danger" });
    return null;
  }
}

function leave() {
  window.removeEventListener("pagehide", rememberPlace);
  stopDrops();
  socket.close();
  grid.close();
}

const stopDrops = $("[data-drop-overlay]") ? dropAnywhere($("[data-drop-overlay]"), importHere) : () => {};

startSizes();
if ($("[data-look-at]")) startMenu($("[data-look-at]"));
if ($("[data-states]")) startMenu($("[data-states]"));
if (images.total > 0) {
  history.scrollRestoration = "manual";
  startGrid();
}
const socket = openSocket(() => `/ws/datasets/${host.dataset.dataset}/desk/?since=${known}`, {
  answers: true,
  onMessage: ({ type, data }) => {
    if (type === DESK_CHANGED) changed(data);
    if (type === DESK_PEOPLE) showPeople(data);
  },
});
