// The export page: what is chosen lives in the address and is kept for the dataset; what it comes to is asked for and
// shown while one chooses; then it is written, and can be fetched.

import { $, el, fill, readJson } from "../../lib/dom.js";
import { formatNumber } from "../../lib/format.js";
import { getJson } from "../../lib/http.js";
import { gettext, interpolate, ngettext } from "../../lib/i18n.js";
import { toast } from "../../lib/toast.js";
import { makeKey } from "../../lib/uuid.js";
import { FilterBox } from "../../datasets/filter_box.js";
import { ExportForm } from "./export_form.js";
import { Exports } from "./exports.js";
import { Findings } from "./findings.js";
import { Kept, handedOver } from "./kept.js";
import { mendWords } from "./mending.js";
import { Preview } from "./preview.js";

const ASK_AFTER = 250;
// As many numbers as an address holds; of more only the first are looked at.
const MOST_ASKED = 1000;
const FEW = 8;

export class ExportPage {
  constructor(root) {
    this.root = root;
    const { dataset, api, grid } = root.dataset;
    Object.assign(this, { dataset: Number(dataset), api, grid, mayEdit: "canEdit" in root.dataset });
    const rules = readJson("export-rules");
    this.kept = new Kept(this.dataset);
    this.form = new ExportForm($("[data-export-form]", root), rules);
    this.preview = new Preview(root);
    this.findings = new Findings(root, { grid, mayEdit: this.mayEdit, onFix: (finding) => this.mend(finding) });
    this.go = $("[data-go]", root);
    const onDone = (isDone) => this.go.classList.toggle("button--primary", !isDone);
    this.exports = new Exports(root, { api, address: `${api}datasets/${dataset}/exports`, ways: this.ways(rules), onDone });
    this.goText = $("[data-go-text]", root);
    this.goError = $("[data-go-error]", root);
    this.version = this.form.fields.version;
    this.query = { filter: "" };
  }

  ways(rules) {
    return {
      titles: new Map(rules.map(({ slug, title }) => [slug, title])),
      // One's own, and all of them for reviewers: as the server says.
      mayEnd: (job) => "canReview" in this.root.dataset || (job.started_by !== "" && job.started_by === this.root.dataset.me),
      versionAddress: (id) => this.addressOf(id),
      onAgain: (job) => this.again(job),
    };
  }

  /** Where a version is looked at. */
  addressOf(version) {
    return this.root.dataset.versionAddress.replace(/\/0\/$/u, `/${version}/`);
  }

  start() {
    this.readAddress();
    this.filterBox = new FilterBox({ root: $("[data-filter]", this.root), query: this.query, onApply: (filter) => this.filterChanged(filter) });
    this.filterBox.root.addEventListener("focusout", () => this.applyFilter());
    this.form.addEventListener("change", ({ detail }) => this.changed(detail));
    this.form.addEventListener("profile", ({ detail }) => this.profileChanged(detail));
    this.go.addEventListener("click", () => this.begin());
    $("[data-selected-drop]", this.root).addEventListener("click", () => this.dropSelection());
    // Words may have changed in another window meanwhile.
    document.addEventListener("visibilitychange", () => document.hidden || this.ask());
    this.changed(null);
    this.exports.read();
    // What was chosen before would have been overwritten.
    this.form.root.inert = false;
  }

  // --- where it is kept ----------------------------------------------------------------------------

  readAddress() {
    const asked = new URLSearchParams(location.search);
    const { rules } = this.form;
    const profile = [asked.get("trainer"), this.kept.profile, "kohya"].find((slug) => rules.has(slug));
    this.query.filter = asked.get("filter") ?? "";
    this.form.take({ ...this.kept.of(profile), profile, filter: this.query.filter });
    this.version.value = asked.get("version") ?? "";
    if (this.version.selectedIndex < 0) this.version.value = "";
    this.selected = asked.has("selected") ? handedOver(this.dataset) : null;
    this.showSelection();
  }

  writeAddress() {
    const search = new URLSearchParams({ trainer: this.options.profile });
    if (this.query.filter) search.set("filter", this.query.filter);
    if (this.version.value) search.set("version", this.version.value);
    if (this.selected) search.set("selected", "");
    this.root.toggleAttribute("data-of-version", this.version.value !== "");
    history.replaceState(history.state, "", `${location.pathname}?${search}${location.hash}`);
  }

  get options() {
    return this.form.options;
  }

  /** What was chosen in place of the present; `null` for none. */
  get chosenVersion() {
    const option = this.version.selectedOptions[0];
    if (!this.version.value) return null;
    const id = Number(this.version.value);
    return { id, title: option.dataset.title, address: this.addressOf(id) };
  }

  // --- what changes --------------------------------------------------------------------------------

  changed(field) {
    this.lastField = field;
    // What was fetched is not what is chosen now.
    this.go.classList.add("button--primary");
    if (field?.name === "version" && field.value && this.selected) this.dropSelection();
    this.kept.keep(this.options);
    this.writeAddress();
    this.askSoon();
  }

  profileChanged(profile) {
    this.form.take({ ...this.kept.of(profile), profile, filter: this.query.filter });
    this.changed(null);
  }

  filterChanged(filter) {
    this.query.filter = filter;
    this.options.filter = filter;
    this.changed(this.filterBox.input);
  }

  /** Let the filter hold as it stands in its box; `false` where it cannot be read. */
  async applyFilter() {
    const { filterBox, query } = this;
    if (filterBox.input.value.trim() !== query.filter) await filterBox.apply();
    return filterBox.input.value.trim() === query.filter;
  }

  dropSelection() {
    this.selected = null;
    this.showSelection();
    this.changed(null);
    this.version.focus();
  }

  showSelection() {
    const count = this.selected?.length ?? 0;
    $("[data-selected]", this.root).hidden = count === 0;
    const words = ngettext("Only the %(count)s image that was selected.", "Only the %(count)s images that were selected. Findings are about all images.", count);
    $("[data-selected-text]", this.root).textContent = interpolate(words, { count: formatNumber(count) });
  }

  /** Take over what another export was made by; where it came to something also its version. */
  again(job) {
    const { filter = "" } = job.options;
    this.query.filter = filter;
    this.selected = null;
    this.showSelection();
    this.form.take(job.options);
    this.filterBox.show(filter);
    const isThere = [...this.version.options].some(({ value }) => value === String(job.version.id));
    this.version.value = job.state === "DONE" && isThere ? String(job.version.id) : "";
    this.changed(null);
    toast(gettext("These options are chosen again."), { seconds: 4 });
    const chosen = this.root.querySelector("input[name=profile]:checked");
    chosen.focus();
  }

  // --- what it comes to ----------------------------------------------------------------------------

  askSoon() {
    clearTimeout(this.timer);
    this.root.setAttribute("aria-busy", "true");
    this.timer = setTimeout(() => this.ask(), ASK_AFTER);
  }

  async ask() {
    clearTimeout(this.timer);
    this.controller?.abort();
    this.controller = new AbortController();
    const { signal } = this.controller;
    const asked = { options: JSON.stringify(this.options), ...(this.version.value && { version: this.version.value }) };
    await Promise.all([this.askPreview(asked, signal), this.askFindings(asked, signal)]);
    if (!signal.aborted) this.root.removeAttribute("aria-busy");
  }

  async askPreview(asked, signal) {
    const { selected } = this;
    const isMany = selected !== null && selected.length > MOST_ASKED;
    const search = new URLSearchParams(asked);
    for (const id of selected?.slice(0, isMany ? FEW : MOST_ASKED) ?? []) search.append("image", id);
    try {
      const found = await getJson(`${this.api}datasets/${this.dataset}/caption-preview?${search}`, { signal });
      if (signal.aborted) return;
      this.preview.show(found, { version: this.chosenVersion, selected: isMany ? selected.length : null, filter: this.query.filter });
      this.form.fail(null, "");
      this.showGo(isMany ? selected.length : found.images);
    } catch (error) {
      if (error.name !== "AbortError" && !signal.aborted) this.failed(error);
    }
  }

  failed(error) {
    const isFilter = error.body?.start !== undefined;
    if (isFilter) this.filterBox.fail(error);
    else this.form.fail([404, 409].includes(error.status) && this.version.value ? this.version : this.lastField, error.detail);
    this.preview.fail(error.detail);
    // Where only the way to the server is shut, pressing asks again.
    this.go.disabled = !error.isPassing;
  }

  async askFindings(asked, signal) {
    try {
      const found = await getJson(`${this.api}datasets/${this.dataset}/lint?${new URLSearchParams(asked)}`, { signal });
      if (!signal.aborted) this.findings.show(found);
    } catch (error) {
      if (error.name === "AbortError" || signal.aborted) return;
      this.findings.fail(error.status === 422 ? gettext("They stand here once the options can be read.") : error.detail, error.detail);
    }
  }

  showGo(images) {
    this.go.disabled = images === 0;
    const words = ngettext("Export %(count)s image", "Export %(count)s images", images);
    this.goText.textContent = images === 0 ? gettext("Export") : interpolate(words, { count: formatNumber(images) });
  }

  // --- mending -------------------------------------------------------------------------------------

  async mend(finding) {
    if (finding.fix.kind === "words") {
      const { api, dataset } = this;
      await mendWords({ api, dataset, finding, options: this.options, onChanged: () => this.ask() });
      return;
    }
    const before = structuredClone(this.options);
    this.takeOptions(merge(this.options, finding.fix.options));
    toast(finding.fix.label, { action: { label: gettext("Undo"), run: () => this.takeOptions(before) } });
    await this.ask();
  }

  takeOptions(options) {
    this.query.filter = options.filter;
    this.form.take(options);
    this.filterBox.show(options.filter);
    this.changed(null);
  }

  // --- writing it ----------------------------------------------------------------------------------

  async begin() {
    if (this.isBeginning || !(await this.applyFilter())) return;
    this.isBeginning = true;
    this.goError.hidden = true;
    // Pressed again after an answer that was lost it is the same export.
    const asked = JSON.stringify([this.options, this.version.value, this.selected]);
    if (asked !== this.asked) this.key = makeKey();
    this.asked = asked;
    try {
      await this.exports.begin({ key: this.key, options: this.options, version: this.chosenVersion?.id ?? null, images: this.selected });
      this.asked = null;
    } catch (error) {
      const way = error.status === 404 && [" ", el("a", { href: this.root.dataset.list, text: gettext("All datasets") })];
      fill(this.goError, el("span", {}, error.detail, way));
      this.goError.hidden = false;
    } finally {
      this.isBeginning = false;
    }
  }
}

/** Options with others in their place; a group within its own. */
function merge(options, others) {
  const isGroup = (value) => value !== null && typeof value === "object";
  const changed = Object.entries(others).map(([name, value]) => [name, isGroup(value) ? { ...options[name], ...value } : value]);
  return { ...options, ...Object.fromEntries(changed) };
}
