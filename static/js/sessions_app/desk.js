// What the desk can do, and how its parts hear of each other. The parts know nothing of one another.
//
// What is beside the loop (see `features.js`) hears of it by events: "shown" {desk, previous, isFirst} when a picture
// is shown, "rendered" {image, state} whenever its words may look different, "stored" {image, state, operations} when
// the server took edits, "heard" {data} when something changed in the dataset,
// "finished" {isFinished} when the end is reached or left.

import { $ } from "../lib/dom.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { toast, toastError } from "../lib/toast.js";
import { Chips } from "../tagging/chips.js";
import { TagBox } from "../tagging/editor.js";
import { Editing } from "../tagging/editing.js";
import { Outbox } from "../tagging/outbox.js";
import { Saver } from "../tagging/saver.js";
import { applyAll } from "../tagging/state.js";
import { SaveState } from "../tagging/status.js";
import { Suggestions } from "../tagging/suggestions.js";
import { Vocabulary } from "../tagging/vocabulary.js";
import { Bearings } from "./bearings.js";
import { Captions } from "./captions.js";
import { Deleting } from "./deleting.js";
import { Desks } from "./desks.js";
import { Freshness } from "./freshness.js";
import { Gone } from "./gone.js";
import { Navigator } from "./navigator.js";
import { placeKeeper } from "./resume.js";
import { Stage } from "./stage.js";
import { TakingBack } from "./taking_back.js";

const LEAVE_WAIT = 1500;

export class Desk extends EventTarget {
  constructor({ dataset, desk, urls, walk = null, may = { edit: true, review: true, manage: true } }) {
    super();
    const { api } = urls;
    Object.assign(this, { dataset, urls, walk, may });
    // Behind it there may be the tagging session that is being walked.
    const address = (id) => urls.image.replace(/\/0\/(?=$|\?)/u, `/${id}/`);
    this.first = desk;
    this.live = $("[data-live=news]");
    this.desks = new Desks({ api, walk: walk?.id });
    this.vocabulary = new Vocabulary({ api, datasetId: dataset.id, present: () => this.chips.names });
    this.outbox = new Outbox(dataset.id);
    this.saver = new Saver({ outbox: this.outbox, api });
    this.gone = new Gone({ root: $(".side") });
    this.desks.onGone = (image) => this.lost(image);
    this.desks.onThere = (image) => this.found(image);
    this.desks.lastEditAt = () => this.saver.lastStoredAt;
    this.takingBack = new TakingBack(this);
    this.freshness = new Freshness(this);
    this.editing = new Editing({
      datasetId: dataset.id,
      saver: this.saver,
      mayEdit: may.edit,
      vocabulary: this.vocabulary,
      shown: (image) => this.shown(image),
      version: (image) => this.desks.known(image).state.caption.version,
      onChange: (image) => this.changed(image),
      onMany: (action) => this.takingBack.offer(action),
    });
    const where = (image) => this.desks.known(image)?.image ?? {};
    this.keepPlace = placeKeeper(api, dataset.id, { walk: walk?.id, where });
    this.bearings = new Bearings({ dataset, address, exportAddress: urls.export });
    this.stage = new Stage({ root: $("[data-stage]"), desks: this.desks });
    this.navigator = new Navigator({
      desks: this.desks,
      saver: this.saver,
      address,
      show: (shown) => this.show(shown),
      finish: (isFinished) => this.finish(isFinished),
      fail: (error) => this.stayed(error),
    });
    this.deleting = new Deleting({ desk: this, address: `${api}datasets/${dataset.id}/trash`, grid: urls.grid });
    this.makePanel(urls);
    this.listen();
  }

  makePanel(urls) {
    const announce = (text) => this.announce(text);
    this.chips = new Chips({
      root: $(".side__tags"),
      onRemove: (name) => this.remove(this.image, name),
      onMove: (name, before) => this.editing.move(this.image, name, before),
      onLeave: () => this.toTagBox(),
      categoryOf: (name) => this.vocabulary.categoryOf(name),
      announce,
    });
    const root = $("[data-tag-box]");
    root.hidden = false;
    this.suggestions = new Suggestions({
      root,
      input: $("input", root),
      vocabulary: this.vocabulary,
      onTake: (name) => this.box.commit([name]),
      isPresent: (name) => this.chips.names.includes(this.vocabulary.spelling(name)),
      keepKeys: () => this.registry?.get("keep")?.keys ?? [],
      announce,
    });
    this.box = new TagBox({
      root,
      suggestions: this.suggestions,
      chips: this.chips,
      target: () => this.image,
      onAdd: (image, names, how) => this.add(image, names, how),
      onRemove: (name) => this.remove(this.image, name),
      onNext: () => this.goOn(),
      onWait: (work) => this.saver.holdFor(work),
      announce,
    });
    this.captions = new Captions({ desk: this, root: $(".side__caption") });
    this.caption = this.captions.box;
    this.state = new SaveState({
      line: $("[data-save-state]"),
      live: $("[data-live=saved]"),
      login: urls.login,
      onRetry: () => this.saver.retryNow(),
      onShow: () => (this.saver.status.state === "asks" ? this.questions.focus() : this.captions.showFirst()),
      tags: () => this.shown(this.image).tags.length,
    });
  }

  listen() {
    this.saver.addEventListener("stored", ({ detail }) => this.stored(detail));
    this.saver.addEventListener("refused", ({ detail }) => this.refused(detail));
    this.saver.addEventListener("conflict", ({ detail }) => this.captions.conflicted(detail.image));
    this.saver.addEventListener("status", () => this.renderState());
    window.addEventListener("pagehide", () => {
      this.caption.keepRefused();
      this.caption.flush();
    });
    // A phone that switches to another program may never come back to this page.
    document.addEventListener("visibilitychange", () => this.caption.flush());
    // Back from signing in in another tab.
    window.addEventListener("focus", () => this.saver.retryNow());
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) this.freshness.askAgain();
    });
    window.addEventListener("beforeunload", (event) => {
      this.caption.flush();
      // What is held is about to become an edit; until then it is nowhere but in this page.
      if (this.saver.isUnsent) event.preventDefault();
    });
    document.addEventListener("click", (event) => this.leaving(event));
  }

  begin() {
    const desk = this.desks.take(this.first);
    this.navigator.begin(desk);
    this.show(desk, { isFirst: true });
    this.vocabulary.refresh().then(() => this.suggestions.update());
    this.renderState();
    this.openOutbox();
  }

  /** What was waiting comes on top of what is shown already: the browser's database may take its time. */
  async openOutbox() {
    this.outbox.onTaken = () => {
      this.render();
      this.renderState();
      this.saver.pump();
    };
    await this.outbox.open();
    this.saver.pump();
  }

  get image() {
    return this.navigator.current;
  }

  renderState() {
    const { status } = this.saver;
    const isTyping = status.state === "saved" && this.caption.isTyping;
    if (this.gone.has(this.image)) this.state.render({ state: "gone" });
    else this.state.render(isTyping ? { ...status, state: "saving" } : status);
  }

  /** The server says that there is no such picture any more. */
  lost(image) {
    if (this.gone.has(image) || this.deleting.has(image)) return;
    this.gone.add(image);
    if (image !== this.image) {
      // Alone, or with all of its dataset? The one that is shown tells.
      this.freshness.askAgain();
      return;
    }
    this.navigator.leaveFinish();
    this.gone.render(image);
    this.renderState();
  }

  /** A picture that was gone is there again. */
  found(image) {
    if (!this.gone.remove(image) || image !== this.image) return;
    this.gone.render(image);
    this.renderState();
  }

  /** The picture that was wanted cannot be shown; what is shown is asked anew for its ways on. */
  stayed(error) {
    if (error.status === 404) this.freshness.askAgain();
    toastError(error);
  }

  /** The state as the page shows it: the server's, with what is on its way on top. */
  shown(image) {
    const desk = this.desks.known(image);
    return applyAll(desk.state, this.outbox.operationsOf(image));
  }

  show(desk, { isFirst = false } = {}) {
    const { id } = desk.image;
    this.stage.show(desk);
    this.bearings.show(desk);
    this.render();
    this.gone.render(id);
    this.box.show(id, this.shownImage ?? null);
    const previous = this.shownImage ?? null;
    this.shownImage = id;
    this.keepPlace(id);
    this.renderState();
    this.toTagBox();
    this.tell("shown", { desk, previous, isFirst });
    if (isFirst) this.desks.prefetch(desk);
    else this.sayAndLook(desk);
  }

  sayAndLook(desk) {
    this.sayPicture(desk);
    this.freshness.look(desk);
  }

  sayPicture(desk) {
    const { number, total, name } = desk.image;
    const count = this.shown(desk.image.id).tags.length;
    const words = ngettext(
      "Picture %(number)s of %(total)s, %(name)s, %(count)s tag",
      "Picture %(number)s of %(total)s, %(name)s, %(count)s tags",
      count,
    );
    this.announce(interpolate(words, { number, total, name, count }));
  }

  render() {
    const { image } = this;
    const desk = this.desks.known(image);
    const state = this.shown(image);
    this.chips.render(state.tags);
    this.captions.render(image, state, desk.state);
    this.bearings.tally(desk.image.number, this.tallies());
    this.tell("rendered", { image, state });
  }

  /** Counts with what is shown but not yet acknowledged. */
  tallies() {
    const { total, tagged } = this.desks.tallies;
    const images = new Set(this.outbox.entries.map((entry) => entry.image));
    let extra = 0;
    for (const image of images) {
      const desk = this.desks.known(image);
      if (desk) extra += Number(this.shown(image).tagged) - Number(desk.state.tagged);
    }
    return { total, tagged: Math.max(0, Math.min(total, tagged + extra)) };
  }

  changed(image) {
    if (image === this.image) this.render();
    if (image === this.image) this.suggestions.update();
    this.renderState();
  }

  stored({ image, state, operations, caption }) {
    const isSpelledAnew = this.learnSpelling(image, state, operations);
    this.respell(operations);
    this.desks.takeState(image, state);
    this.keepPlace.edited(image);
    if (caption) this.caption.stored(image, caption.version);
    this.render();
    // Only then: it would take back a choice that is being made in the list.
    if (isSpelledAnew) this.suggestions.update();
    this.tell("stored", { image, state, operations });
  }

  /** Returns whether the server spells a tag otherwise than it was typed. */
  learnSpelling(image, state, operations) {
    // What a rule added was not typed by anybody.
    const names = (tags) => tags.filter((tag) => tag.source !== "RULE").map((tag) => tag.name);
    const of = (kind) => operations.filter((operation) => operation.kind === kind).map((operation) => operation.tag);
    const removed = of("remove");
    const typed = of("add").filter((name) => !removed.includes(name));
    const before = names(this.desks.known(image)?.state.tags ?? []);
    return this.vocabulary.stored(typed, before, names(state.tags));
  }

  /** What takes an edit back has to name the tag as the server stored it. */
  respell(operations) {
    for (const { kind, tag, key } of operations) {
      const stored = kind === "add" ? this.vocabulary.spelling(tag) : tag;
      if (stored !== tag) this.editing.history.respell(key, stored);
    }
  }

  refused({ image, operation, status, detail, impliedBy }) {
    if (status === 404) this.lost(image);
    if (impliedBy && image === this.image) {
      // Somebody else gave the picture what it follows from, just now; nothing need have been heard of it.
      this.freshness.askAgain();
      this.render();
      this.questions.ask(image, operation.tag, impliedBy);
      return;
    }
    if (operation.kind === "caption") this.captions.refused(image, operation.text, status, detail);
    // Of a picture that is gone it is said once beside the box, whatever was still on its way.
    if (operation.kind === "caption" || (status === 404 && image === this.image)) {
      this.render();
      return;
    }
    this.vocabulary.refresh();
    if (image === this.image) this.box.fail(detail);
    else toast(this.named(image, detail), { kind: "danger" });
    this.render();
  }

  named(image, text) {
    const name = this.desks.known(image)?.image.name;
    return name ? `${name}: ${text}` : text;
  }

  // --- What the actions call ---------------------------------------------------------------------

  next() {
    this.caption.flush();
    return this.navigator.next();
  }

  previous() {
    this.caption.flush();
    return this.navigator.previous();
  }

  async nextUntagged() {
    this.caption.flush();
    const found = await this.navigator.nextUntagged();
    if (found === false) this.announceAll();
  }

  announceAll() {
    if (this.gone.has(this.image)) return;
    const { total, tagged } = this.tallies();
    const text = tagged >= total ? gettext("Every picture is tagged.") : gettext("No other picture is untagged.");
    toast(text, { kind: "success", seconds: 5 });
  }

  /** Enter on the empty box. */
  goOn() {
    if (!this.navigator.isFinished) return this.next();
    const { total, tagged } = this.tallies();
    return tagged < total ? this.nextUntagged() : undefined;
  }

  /** Remove a tag; returns `false` where it follows from others and is asked about first. */
  remove(image, name) {
    return this.questions.remove(image, name);
  }

  add(image, names, how = {}) {
    const there = new Set(this.shown(image).tags.map((tag) => tag.name));
    const spelled = names.map((name) => this.vocabulary.spelling(name));
    const fresh = spelled.filter((name) => !there.has(name));
    if (fresh.length > 0) this.editing.add(image, fresh, how);
    if (fresh.length > 0 && image === this.image) this.chips.reveal(fresh.at(-1));
    const again = spelled.find((name) => there.has(name));
    if (again === undefined || image !== this.image) return;
    this.chips.flash(again);
    this.announce(interpolate(gettext("%(name)s is already here"), { name: again }));
  }

  toTrash() {
    return this.deleting.run();
  }

  async sameAsPrevious() {
    const { image } = this;
    const { previous_id: previous } = this.navigator.desk;
    if (previous === null) {
      this.announce(gettext("This is the first picture."));
      return;
    }
    // In line with what is typed: Enter right behind it goes on when the tags are there.
    await this.saver.holdFor(() => this.box.inLine(() => this.takeOver(previous, image)));
  }

  async takeOver(previous, image) {
    await this.desks.load(previous).catch(() => null);
    if (!this.desks.known(previous)) {
      this.announce(gettext("The picture before could not be read. Try again in a moment."));
      return;
    }
    const added = this.editing.add(image, this.shown(previous).tags.map((tag) => tag.name));
    const words = ngettext("%(count)s tag added", "%(count)s tags added", added);
    this.announce(interpolate(words, { count: added }));
  }

  undo() {
    this.takingBack.undo();
  }

  redo() {
    this.takingBack.redo();
  }

  toCaption() {
    this.captions.focus();
  }

  toTagBox() {
    // A phone's keyboard would cover the picture each time.
    if (matchMedia("(hover: none) and (pointer: coarse)").matches && document.activeElement !== this.caption.input) return;
    this.box.focus();
  }

  help() {
    this.tell("help");
  }

  // --- What comes from elsewhere -------------------------------------------------------------------

  /** Somebody tags or imports; the words that came along are taken in already (see `live.js`). */
  heard(data) {
    const { images, tagged } = data;
    this.tell("heard", data);
    // The numbers are the dataset's: what a walk leads past is told by its own desk.
    if (images !== this.images) this.desks.forgetCounts();
    this.images = images;
    if (this.gone.has(this.image) && this.isThereAgain(data)) this.freshness.askAgain();
    if (this.outbox.length === 0 && this.walk === null) this.desks.tallies = { total: images, tagged };
    this.render();
  }

  /** Whether the picture that is shown may have come back. */
  isThereAgain({ changed, is_complete: isComplete }) {
    return !isComplete || changed.some(({ id, is_gone: isGone }) => id === this.image && !isGone);
  }

  finish(isFinished) {
    const { total, tagged } = this.tallies();
    // Nothing is done where the picture is gone.
    if (isFinished && this.gone.has(this.image)) {
      this.navigator.isFinished = false;
      return;
    }
    this.stage.finish(isFinished, total - tagged);
    this.tell("finished", { isFinished });
    if (isFinished) this.announce($("[data-finish-title]").textContent);
  }

  /** A link away waits a moment for what is being saved: an export right behind an edit has it. */
  leaving(event) {
    const link = event.target.closest?.("a[href]");
    this.caption.flush();
    if (!link || event.defaultPrevented || link.target || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (this.saver.status.state === "saved") return;
    event.preventDefault();
    this.saver.settled(LEAVE_WAIT).then(() => location.assign(link.href));
  }

  announce(text) {
    this.live.textContent = text;
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
