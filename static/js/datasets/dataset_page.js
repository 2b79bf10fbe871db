// The page of a dataset: the grid with its filter, order and size, what is selected, what changes while one looks, and
// files dropped on it.

import { $ } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { pause } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { toast, toastError } from "../lib/toast.js";
import { DESK_CHANGED, DESK_PEOPLE } from "../live/messages.js";
import { openSocket } from "../live/socket.js";
import { dropAnywhere } from "./drop_anywhere.js";
import { FilterBox, emptyUnder } from "./filter_box.js";
import { Following } from "./following.js";
import { Grid } from "./grid.js";
import { ImageRows } from "./image_rows.js";
import { startMenu } from "./look_at.js";
import { GridQuery } from "./query.js";
import { Selecting } from "./selecting.js";
import { Selection } from "./selection.js";
import { Sizes } from "./sizes.js";
import { startSorting } from "./sorting.js";
import { TagList } from "./tag_list.js";
import { Trash } from "./trash.js";

// As many as one call of the trash takes.
const MOST_A_CALL = 1000;

/** Tells `query` when another filter or order is shown. */
export class DatasetPage extends EventTarget {
  constructor(host) {
    super();
    this.host = host;
    const { dataset } = host;
    this.id = Number(dataset.dataset);
    this.mayEdit = "trashAddress" in dataset;
    this.mayTeach = "mayTeach" in dataset;
    this.status = $("[data-status]");
    this.query = new GridQuery({ filter: dataset.filter, order: dataset.order });
    this.images = new ImageRows(dataset.imagesAddress, {
      query: this.query.words,
      total: Number(dataset.total),
      onChange: () => this.listChanged(),
      onError: (error) => error.status !== 422 && toastError(error),
    });
    this.makeGrid();
    this.following = new Following(this, Number(dataset.revision));
    this.trash = new Trash(dataset.trashAddress, { onRestored: (back) => this.restored(back) });
    this.leaving = null;
    this.isAsPrinted = this.images.total === 0;
    this.startTools();
    this.startDrops();
  }

  makeGrid() {
    const { images } = this;
    this.grid = new Grid(this.host, images, {
      addressOf: (id) => this.host.dataset.tagAddress.replace(/\/0\/$/u, `/${id}/`),
      onDelete: this.mayEdit ? (image) => this.moveToTrash([image]) : null,
      insets: () => this.insets(),
    });
    const list = {
      get total() {
        return images.total;
      },
      get filter() {
        return images.query.filter;
      },
      ids: (start, end) => images.ids(start, end),
    };
    this.selection = new Selection(list);
    this.selecting = new Selecting(this.grid, this.selection, { onRestore: (kept) => this.restoreSelection(kept) });
    this.sizes = new Sizes(this.grid, $("[data-sizes]"));
  }

  startTools() {
    for (const menu of ["[data-look-at]", "[data-states]"].map((name) => $(name)).filter(Boolean)) startMenu(menu);
    const root = $("form[data-filter]");
    if (!root) return;
    this.filterBox = new FilterBox({ root, query: this.query, onApply: (filter) => this.query.set({ filter }) });
    startSorting($("[data-order]", root), this.query);
    this.tagList = new TagList(this);
    this.query.addEventListener("change", ({ detail }) => this.queryChanged(detail));
    this.onClick = (event) => this.followFilterLink(event);
    document.addEventListener("click", this.onClick);
    this.markLinks();
  }

  /** What lies over the window: the header with the bar of the grid, and the bars at its foot. */
  insets() {
    const bar = $(".grid-bar");
    const top = $(".header").offsetHeight + (bar?.offsetHeight ?? 0) + 8;
    const feet = ["[data-selection-bar]", ".bottom-bar"].map((name) => $(name)?.offsetHeight ?? 0);
    return { top, bottom: Math.max(...feet, 0) + 24 };
  }

  // --- the grid --------------------------------------------------------------------------------------

  async start() {
    if (!this.filterBox) return this.listen();
    history.scrollRestoration = "manual";
    this.query.tidy();
    this.onHide = () => this.rememberPlace();
    window.addEventListener("pagehide", this.onHide);
    this.listen();
    await this.read(history.state?.grid);
    return undefined;
  }

  async read(place) {
    try {
      await this.images.start();
    } catch (error) {
      if (error.status === 422) this.failFilter(error);
      else toastError(error, { action: { label: gettext("Try again"), run: () => this.read(place) } });
      return;
    }
    this.show();
    if (!place) return;
    this.grid.focusIndex = place.focus;
    this.grid.settle(place.top);
  }

  failFilter(error) {
    this.filterBox.fail(error);
    $("[data-matching]").hidden = true;
  }

  listChanged() {
    this.grid.refresh();
    this.showMatching();
  }

  /** Under a filter, how many pictures it finds. */
  showMatching() {
    const { total } = this.images;
    const line = $("[data-matching]");
    line.hidden = !this.query.filter;
    const words = ngettext("%(count)s matches", "%(count)s match", total);
    $("strong", line).textContent = interpolate(words, { count: formatNumber(total) });
  }

  /** Show the pictures, or why there are none. */
  show() {
    this.showMatching();
    if (this.images.total > 0 || !this.query.filter) {
      this.isAsPrinted = false;
      this.grid.show();
      return;
    }
    // What the server printed for a filter of its own menus says more.
    if (!this.isAsPrinted) this.host.replaceChildren(emptyUnder(this.query.filter, () => this.query.set({ filter: "" })));
  }

  // Back from a picture leads to where one was in the grid; the browser's own memory is too early for rows that come later.
  rememberPlace() {
    history.replaceState({ ...history.state, grid: { top: this.grid.place, focus: this.grid.focusIndex } }, "");
  }

  // --- filter and order ------------------------------------------------------------------------------

  /** Another filter: nothing of the old list counts, and what was selected in it is let go. */
  async queryChanged({ isBack }) {
    const { query, images, grid } = this;
    this.filterBox.show(query.filter);
    this.markLinks();
    if (query.filter !== images.query.filter) this.selecting.drop();
    this.selection.setAnchor(null);
    const turn = (this.turn = Symbol("query"));
    this.isAsPrinted = false;
    grid.focusIndex = 0;
    images.query = query.words;
    images.forget();
    await this.read(isBack ? history.state?.grid : null);
    if (turn !== this.turn) return;
    if (!isBack && grid.place > 0) grid.scrollToIndex(0, "start");
    this.sayImages({ images: images.total });
    this.dispatchEvent(new Event("query"));
  }

  /** Links that are filters change the filter in place. */
  followFilterLink(event) {
    const link = event.target.closest("a[data-filter-link]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    link.closest("details")?.removeAttribute("open");
    this.query.set({ filter: new URL(link.href).searchParams.get("filter") ?? "" });
  }

  markLinks() {
    for (const link of document.querySelectorAll("a[data-filter-link]")) {
      const isCurrent = (new URL(link.href).searchParams.get("filter") ?? "") === this.query.filter;
      link.toggleAttribute("aria-current", false);
      if (isCurrent) link.setAttribute("aria-current", "true");
    }
    for (const text of document.querySelectorAll("[data-menu-text]")) nameMenu(text);
  }

  restoreSelection(kept) {
    const isElsewhere = kept.isAll && kept.filter !== this.query.filter;
    if (!isElsewhere) {
      this.selection.restore(kept);
      return;
    }
    this.addEventListener("query", () => this.selection.restore(kept), { once: true });
    this.query.set({ filter: kept.filter });
  }

  // --- trash -----------------------------------------------------------------------------------------

  async moveToTrash(rows) {
    const ids = rows.map(({ id }) => id);
    this.images.remove(ids);
    this.selection.forget(ids);
    try {
      await this.trash.move(rows);
      this.countTrash(rows.length);
      // Pages that were cut short are filled up.
      if (this.images.total > this.images.rows.size) this.following.readAgain();
    } catch (error) {
      toastError(error);
      this.following.readAgain();
    }
  }

  /** Move all that is selected, in as many calls as it takes. */
  async trashSelected() {
    const ids = await this.selectedIds();
    for (let start = 0; start < ids.length; start += MOST_A_CALL) {
      const rows = ids.slice(start, start + MOST_A_CALL).map((id) => this.images.at(this.images.indexOf(id)) ?? { id, name: "" });
      await this.moveToTrash(rows);
    }
    this.selecting.setTapping(false);
    this.selection.clear();
  }

  async selectedIds() {
    const { isAll, ids } = this.selection;
    if (!isAll) return [...ids];
    const every = await this.images.ids(0, this.images.total - 1);
    return every.filter((id) => !ids.has(id));
  }

  async restored(back) {
    this.countTrash(-back.length);
    await this.reloadImages().catch(() => this.following.readAgain());
    const index = this.images.indexOf(back.at(-1).id);
    if (index >= 0) this.grid.moveTo(index);
  }

  countTrash(step) {
    const line = $("[data-trash]");
    const count = Math.max(0, Number(line.dataset.trash) + step);
    line.dataset.trash = count;
    line.hidden = count === 0;
    const words = ngettext("%(count)s image in the trash", "%(count)s images in the trash", count);
    $("[data-trash-text]", line).textContent = interpolate(words, { count: formatNumber(count) });
  }

  // --- live ------------------------------------------------------------------------------------------

  listen() {
    this.socket = openSocket(() => `/ws/datasets/${this.id}/desk/?since=${this.following.known}`, {
      answers: true,
      onMessage: ({ type, data }) => {
        if (type === DESK_CHANGED) this.following.heard(data);
        if (type === DESK_PEOPLE) this.showPeople(data);
        this.dispatchEvent(new CustomEvent("message", { detail: { type, data } }));
      },
    });
  }

  get isPrintedEmpty() {
    return !this.filterBox && !this.leaving;
  }

  reloadWhole() {
    location.reload();
  }

  async reloadImages() {
    const asked = this.query.search;
    const fresh = await this.images.readAgain();
    // Another filter holds by now, and is being read by itself.
    if (asked !== this.query.search) return;
    this.grid.replace(() => this.images.adopt(fresh));
    await this.reloadWhereEmpty();
    this.show();
    this.dispatchEvent(new Event("changed"));
  }

  /** The server prints what an empty dataset has to say; not while the way back from the trash is still shown. */
  async reloadWhereEmpty() {
    while (this.images.total === 0 && !this.query.filter && !this.leaving) {
      if (!this.trash.isOffered) {
        this.reloadWhole();
        return;
      }
      await pause(500);
    }
  }

  showPeople({ people }) {
    const byImage = new Map();
    for (const one of people) {
      if (one.image === null) continue;
      const name = one.is_yours ? gettext("You, in another tab") : one.name;
      byImage.set(one.image, [...(byImage.get(one.image) ?? []), { name, initials: one.initials, colour: one.colour }]);
    }
    this.grid.setPeople(byImage);
  }

  showNumbers({ images: count, tagged, importing }) {
    $("[data-facts]").hidden = count === 0;
    $("[data-images]").textContent = countText(count);
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

  sayImages({ images: count }) {
    this.announce(countText(count));
  }

  announce(text) {
    this.status.textContent = text;
  }

  // --- files dropped here ------------------------------------------------------------------------------

  startDrops() {
    const overlay = $("[data-drop-overlay]");
    this.stopDrops = overlay ? dropAnywhere(overlay, (held) => this.importHere(held)) : () => {};
  }

  async importHere(held) {
    if (this.leaving) {
      (await this.leaving)?.dropped(held);
      return;
    }
    this.leaving = this.bringImportPage(held);
    if (!(await this.leaving)) this.leaving = null;
  }

  async bringImportPage(held) {
    try {
      const { showImportPage } = await import("./import_here.js");
      return await showImportPage(this.host.dataset.importAddress, held, () => this.leave());
    } catch {
      toast(gettext("The server does not answer. Drop the files again in a moment."), { kind: "danger" });
      return null;
    }
  }

  leave() {
    window.removeEventListener("pagehide", this.onHide);
    document.removeEventListener("click", this.onClick);
    this.stopDrops();
    this.socket?.close();
    this.grid.close();
    this.selecting.clear();
    this.dispatchEvent(new Event("leave"));
  }

  // --- what one can do here ----------------------------------------------------------------------------

  actions() {
    const group = gettext("In the grid");
    const has = () => !this.selection.isEmpty;
    const here = (id, label, keys, run, more = {}) => ({ id, group, label, keys, when: "reading", mode: "grid", run, ...more });
    return [
      here("filterBox", gettext("Filter the pictures"), ["/"], () => this.filterBox?.focus()),
      here("filterHelp", gettext("How to write a filter"), [], () => this.filterBox?.showHelp()),
      here("tagList", gettext("Tags of what is shown"), ["KeyL"], () => this.tagList?.toggle()),
      here("larger", gettext("Larger pictures"), ["[Shift]++", "="], () => this.sizes.change(1)),
      here("smaller", gettext("Smaller pictures"), ["-"], () => this.sizes.change(-1)),
      here("selectOne", gettext("Select the picture with the focus, or let it go"), ["KeyX", "Shift+KeyX"], () => this.selecting.toggleFocused()),
      here("selectBlock", gettext("Select with the arrows"), ["Shift+ArrowDown"], null, { isFixed: true }),
      here("selectAll", gettext("Select all that match the filter"), ["$mod+KeyA"], () => this.selection.all()),
      here("invertSelection", gettext("Select the others instead"), ["$mod+KeyI"], () => this.selection.invert()),
      here("tapping", gettext("Select by clicking alone"), ["KeyS"], () => this.selecting.setTapping(!this.selecting.isTapping)),
      here("clearSelection", gettext("Let go of the selection"), ["Escape"], () => this.selecting.clear(), { can: has }),
    ];
  }
}

/** A menu is called as what is chosen in it. */
function nameMenu(text) {
  const chosen = text.closest("details").querySelector("[aria-current] span");
  text.textContent = chosen?.textContent ?? text.dataset.menuText;
  text.closest("summary").classList.toggle("button--quiet", !chosen);
}

const countText = (count) =>
  interpolate(ngettext("%(count)s image", "%(count)s images", count), { count: formatNumber(count) });

