// What is done to many pictures at once: chosen in a dialog, seen before it is done, run with its progress, taken back.

import { $, $$, importDialog, rememberFocus, throttle } from "../../lib/dom.js";
import { formatNumber } from "../../lib/format.js";
import { getJson, postJson } from "../../lib/http.js";
import { gettext, interpolate, ngettext } from "../../lib/i18n.js";
import { toast, toastError } from "../../lib/toast.js";
import { makeKey } from "../../lib/uuid.js";
import { BULK_PROGRESS } from "../../live/messages.js";
import { splitList } from "../names.js";
import { placeOf } from "../registry.js";
import { keptNotice, undoneText } from "../undoing.js";
import { FORMS } from "./forms.js";
import { Job } from "./job.js";
import { countText, showSamples } from "./preview.js";
import { SharedTags } from "./shared_tags.js";

const PREVIEW_AFTER = 250;

export class Bulk {
  constructor(page) {
    this.page = page;
    this.root = $("[data-bulk-job]");
    this.api = this.root.dataset.api;
    this.address = `${this.api}datasets/${page.id}/bulk`;
    this.job = new Job(this.root, this.api);
    this.dialog = null;
    this.copied = null;
    this.last = null;
    this.previewSoon = throttle(() => this.preview(), PREVIEW_AFTER);
    document.addEventListener("paste", (event) => this.pasting(event));
    page.addEventListener("message", ({ detail }) => detail.type === BULK_PROGRESS && this.job.heard(detail.data));
    this.resume();
  }

  make() {
    this.dialog = importDialog("[data-bulk-template]");
    const part = (name) => $(`[data-${name}]`, this.dialog);
    this.title = part("bulk-title");
    this.fields = part("bulk-fields");
    this.count = part("bulk-count");
    this.error = part("bulk-error");
    this.samples = part("bulk-samples");
    this.runButton = part("bulk-run");
    this.shared = new SharedTags(part("shared"), (name, deed) => this.show(deed, { tags: [name] }));
    this.makeForms();
    this.listen();
  }

  makeForms() {
    const finders = { find: (text) => this.findTags(text), findThere: (text) => this.findThere(text) };
    this.forms = Object.fromEntries(Object.entries(FORMS).map(([kind, Form]) => [kind, new Form(finders)]));
    for (const form of Object.values(this.forms)) {
      form.root.hidden = true;
      form.addEventListener("change", () => this.changed());
      this.fields.append(form.root);
    }
  }

  listen() {
    const { dialog } = this;
    for (const radio of $$("[name=bulk-kind]", dialog)) radio.addEventListener("change", () => this.show(radio.value));
    $("form", dialog).addEventListener("submit", (event) => {
      event.preventDefault();
      this.run();
    });
    for (const button of $$("[data-close]", dialog)) button.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => this.closed());
  }

  actions() {
    const group = gettext("On what is selected");
    const can = () => !this.page.selection.isEmpty;
    const deed = (id, label, keys, run, more = {}) => ({ id, group, label, keys, when: "reading", mode: "grid", can, run: () => can() && run(), ...more });
    const opens = (id, label, keys, kind) => deed(id, label, keys, () => this.open(kind));
    return [
      opens("bulkAdd", gettext("Add tags to all selected"), ["KeyT"], "add"),
      opens("bulkRemove", gettext("Remove tags from all selected"), ["KeyR"], "remove"),
      opens("bulkReplace", gettext("Replace tags on all selected"), ["Shift+KeyR"], "replace"),
      opens("bulkCaption", gettext("Search and replace in their captions"), ["KeyC"], "caption"),
      opens("bulkSort", gettext("Sort their tags by category"), [], "sort"),
      opens("bulkDeduplicate", gettext("Take out tags that are there twice"), [], "deduplicate"),
      deed("copyTagsOfOne", gettext("Copy the tags of the picture with the focus"), ["$mod+KeyC"], () => this.copy(), { isFixed: true, can: () => true, run: () => this.copy(), when: isFree }),
      deed("pasteTagsToAll", gettext("Paste tags to all selected"), ["$mod+KeyV"], () => this.paste(), { isFixed: true, when: () => false }),
      deed("trashSelected", gettext("Move all selected to the trash"), ["Shift+Delete"], () => this.page.trashSelected().catch(toastError)),
    ];
  }

  // --- the dialog ----------------------------------------------------------------------------------

  open(kind, facts = {}) {
    const { selection } = this.page;
    if (selection.isEmpty) return;
    if (!this.dialog) this.make();
    this.target = selection.target;
    const words = ngettext("Change %(count)s image", "Change %(count)s images", selection.count);
    this.title.textContent = interpolate(words, { count: formatNumber(selection.count) });
    this.shared.take({ images: 0, tags: [] });
    for (const form of Object.values(this.forms)) form.take({ tags: [], from: this.copied });
    this.giveFocusBack = rememberFocus();
    this.dialog.showModal();
    this.show(kind, facts);
    this.loadShared();
  }

  closed() {
    this.controller?.abort();
    this.form = null;
    this.giveFocusBack(() => this.page.grid.focusCell());
  }

  async loadShared() {
    const { target } = this;
    try {
      const shared = await postJson(`${this.api}datasets/${this.page.id}/tags-of`, { target });
      if (target !== this.target) return;
      this.shared.take(shared);
      this.forms.sort.take({ shared });
    } catch (error) {
      this.shared.fail(error.detail);
    }
  }

  /** The fields of one action. */
  show(kind, facts = null) {
    this.kind = kind;
    this.form = this.forms[kind];
    const radio = this.dialog.querySelector(`[name=bulk-kind][value=${kind}]`);
    radio.checked = true;
    for (const form of Object.values(this.forms)) form.root.hidden = form !== this.form;
    if (facts) {
      this.form.take(facts);
      this.form.focus();
    }
    this.changed();
  }

  changed() {
    this.ready = null;
    this.runButton.disabled = true;
    this.previewSoon();
  }

  // --- what it would do ----------------------------------------------------------------------------

  async preview() {
    const action = this.form?.action;
    this.controller?.abort();
    this.fail("");
    if (!action) {
      this.count.textContent = "";
      showSamples(this.samples, []);
      return;
    }
    this.controller = new AbortController();
    const { signal } = this.controller;
    try {
      const found = await postJson(`${this.address}/preview`, { target: this.target, action }, { signal });
      if (!signal.aborted) this.showPreview(action, found);
    } catch (error) {
      if (error.name === "AbortError" || signal.aborted) return;
      this.count.textContent = "";
      showSamples(this.samples, []);
      this.fail(error.detail);
    }
  }

  showPreview(action, { images, changed, sample }) {
    this.ready = { action, changed };
    this.count.textContent = countText(changed, images);
    showSamples(this.samples, sample);
    this.runButton.disabled = changed === 0;
    const words = ngettext("Change %(count)s image", "Change %(count)s images", changed);
    this.runButton.textContent = changed === 0 ? gettext("Change") : interpolate(words, { count: formatNumber(changed) });
  }

  fail(text) {
    this.error.textContent = text;
    this.error.hidden = text === "";
  }

  // --- doing it ------------------------------------------------------------------------------------

  async run() {
    if (!this.ready || this.runButton.disabled) return;
    const { action } = this.ready;
    this.runButton.disabled = true;
    try {
      const done = await postJson(this.address, { target: this.target, action, key: makeKey() });
      this.dialog.close();
      // Few are done at once, many by a job.
      if (done.job) await this.follow(done.job);
      else this.finish({ state: "DONE", ...done });
    } catch (error) {
      this.runButton.disabled = false;
      if (this.dialog?.open) this.fail(error.detail);
      else toastError(error);
    }
  }

  async follow(job) {
    this.finish(await this.job.follow(job, this.page.id));
  }

  finish(done) {
    if (done.kind === "undo") this.tellUndone(done);
    else this.tell(done);
    this.page.following.readAgain();
  }

  /** A job that ran when the page was left. */
  async resume() {
    const left = Job.left(this.page.id);
    if (!left) return;
    try {
      await this.follow(await getJson(`${this.api}bulk-jobs/${left.id}`));
    } catch {
      this.job.end();
    }
  }

  tell({ state, changed, change, error }) {
    if (state === "FAILED") toast(error, { kind: "danger", seconds: 20 });
    if (change === null || changed === 0) return;
    this.last = change;
    const words = ngettext("%(count)s image changed", "%(count)s images changed", changed);
    const text = interpolate(words, { count: formatNumber(changed) });
    const shown = state === "CANCELLED" ? interpolate(gettext("Stopped. %(text)s"), { text }) : text;
    toast(shown, { kind: "success", seconds: 15, action: { label: gettext("Undo"), run: () => this.undo(change) } });
  }

  /** The newest action of this page, by key. */
  undoLast() {
    if (this.last !== null) this.undo(this.last);
    else this.page.announce(gettext("There is nothing to take back here."));
  }

  async undo(change) {
    if (this.last === change) this.last = null;
    try {
      await this.follow(await postJson(`${this.api}changes/${change}/undo-job`, { key: makeKey() }));
    } catch (error) {
      toastError(error, { action: { label: gettext("Try again"), run: () => this.undo(change) } });
    }
  }

  tellUndone({ state, error, undone }) {
    if (state === "FAILED" || !undone) {
      toast(error || gettext("There was nothing to take back."), { kind: state === "FAILED" ? "danger" : "info" });
      return;
    }
    const done = { ...undone, leftImages: undone.left_images };
    const notice = keptNotice(done);
    if (!notice) {
      toast(undoneText(done), { kind: "success" });
      return;
    }
    toast(undoneText(done), { seconds: 20, action: { label: gettext("Show what was left"), run: () => this.showKept(notice) } });
  }

  showKept(notice) {
    this.kept ??= importDialog("[data-bulk-kept-template]");
    $("[data-bulk-kept]", this.kept).replaceChildren(notice);
    this.kept.showModal();
  }

  // --- tags ----------------------------------------------------------------------------------------

  async findTags(text) {
    const query = new URLSearchParams({ q: text, limit: 8 });
    return (await getJson(`${this.api}datasets/${this.page.id}/tag-suggestions?${query}`)).tags;
  }

  /** Only what is on one of them can go. */
  async findThere(text) {
    const part = text.trim().toLocaleLowerCase().replaceAll("_", " ");
    return this.shared.tags.filter((tag) => tag.name.toLocaleLowerCase().replaceAll("_", " ").includes(part));
  }

  // --- copy and paste ------------------------------------------------------------------------------

  async copy() {
    const { grid, images, selection } = this.page;
    const image = images.at(images.indexOf(selection.only ?? -1)) ?? images.at(grid.focusIndex);
    if (!image) return;
    try {
      const { tags } = await getJson(`${this.api}images/${image.id}/tags`);
      this.take(image, tags.map((tag) => tag.name));
    } catch (error) {
      toastError(error);
    }
  }

  take(image, tags) {
    if (tags.length === 0) {
      toast(interpolate(gettext("%(name)s has no tags to copy."), { name: image.name }));
      return;
    }
    this.copied = { id: image.id, name: image.name, tags };
    // Elsewhere, too, where the browser lets a page write there.
    navigator.clipboard?.writeText(tags.join(", ")).catch(() => {});
    const words = ngettext("%(count)s tag of %(name)s copied. Select pictures and press Ctrl V.", "%(count)s tags of %(name)s copied. Select pictures and press Ctrl V.", tags.length);
    toast(interpolate(words, { count: tags.length, name: image.name }), { kind: "success", seconds: 6 });
  }

  pasting(event) {
    if (placeOf(event) !== "page" || document.querySelector("dialog[open]") || this.page.selection.isEmpty) return;
    event.preventDefault();
    this.paste(event.clipboardData.getData("text/plain"));
  }

  /** What was copied here comes with its picture; a list from elsewhere as it is. */
  paste(text = "") {
    const isOurs = this.copied && (text === "" || text === this.copied.tags.join(", "));
    const tags = splitList(text);
    if (isOurs || tags.length === 0) this.open("copy", { from: this.copied });
    else this.open("add", { tags });
  }
}

/** Whether a press is for the grid, and no text is marked that it would copy. */
const isFree = (event) => placeOf(event) === "page" && (document.getSelection()?.isCollapsed ?? true);
