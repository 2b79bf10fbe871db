// One tag with all there is to say of it: told to everybody, changed by whoever may. Each change is saved at once, and
// the answer is the tag as it is then.

import { $, $$, el, fill, icon, throttle } from "../lib/dom.js";
import { getJson, patchJson, postJson, putJson, send } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { thumbnail } from "./thumbnail.js";

const WAIT = 120;
const MOST_EXAMPLES = 6;

export class WordDialog {
  /** `onClose(id, isChanged)` is told when it is closed. */
  constructor({ api, onClose }) {
    Object.assign(this, { api, onClose });
    this.root = $("[data-word-dialog]");
    this.about = $("[data-word-about]", this.root);
    this.detail = null;
    this.parts = new Map($$("[data-part]", this.root).map((part) => [part.dataset.part, part]));
    $("[data-close]", this.root).addEventListener("click", () => this.root.close());
    this.root.addEventListener("close", () => this.closed());
    this.root.addEventListener("click", (event) => {
      if (event.target === this.root) this.root.close();
    });
    this.listen();
  }

  listen() {
    this.about.addEventListener("change", () => this.saveAbout());
    this.parts.get("category").addEventListener("change", (event) => this.save("category", patchJson, "", { category: Number(event.target.value) }));
    for (const name of ["aliases", "implies", "datasets"]) {
      const part = this.parts.get(name);
      $("[data-add]", part)?.addEventListener("submit", (event) => this.added(event, name));
      $("[data-list]", part).addEventListener("click", (event) => this.removed(event, name));
    }
    $("[data-word-examples]", this.root).addEventListener("click", (event) => this.removed(event, "examples"));
    $("[data-word-retire]", this.root)?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save("use", putJson, "/deprecation", { successor: event.target.elements.name.value });
    });
    $("[data-word-restore]", this.root)?.addEventListener("click", () => this.save("use", del, "/deprecation"));
    const names = throttle((text) => this.complete(text), WAIT);
    this.root.addEventListener("input", (event) => event.target.matches("[list]") && names(event.target.value.trim()));
  }

  async open(id) {
    const asked = (this.asked = Symbol(String(id)));
    const detail = await getJson(`${this.api}vocabulary/tags/${id}`);
    if (asked !== this.asked) return;
    this.isChanged = false;
    for (const form of $$("form", this.root)) form.reset();
    for (const name of this.parts.keys()) this.fail(name, "");
    this.take(detail);
    if (!this.root.open) this.root.showModal();
    if (detail.can_edit) this.offerDatasets();
  }

  take(detail) {
    this.detail = detail;
    $("[data-word-name]", this.root).textContent = detail.name;
    const admin = $("[data-word-admin]", this.root);
    if (admin) admin.href = admin.dataset.wordAdmin.replace("/0/", `/${detail.id}/`);
    this.renderAbout(detail);
    this.renderExamples(detail);
    this.renderCategory(detail);
    this.renderList("aliases", detail.aliases);
    this.renderList("implies", detail.implies, impliedBy(detail.implied_by));
    this.renderList("datasets", detail.datasets, unseen(detail.more_datasets));
    this.renderUse(detail);
  }

  // --- What is shown ------------------------------------------------------------------------------

  renderAbout({ description }) {
    if (!this.about.matches("textarea")) this.about.textContent = description || gettext("Nobody said yet.");
    else if (document.activeElement !== this.about) this.about.value = description;
  }

  renderExamples({ examples, more_examples: more, can_edit: canEdit }) {
    fill($("[data-word-examples]", this.root), examples.map((example) => this.example(example, canEdit)));
    const note = $("[data-word-examples-note]", this.root);
    const words = ngettext("%(count)s more in a dataset that you may not see.", "%(count)s more in datasets that you may not see.", more);
    note.textContent = more > 0 ? interpolate(words, { count: more }) : examples.length === 0 ? gettext("None yet.") : "";
    note.hidden = note.textContent === "";
    const hint = $("[data-word-examples-hint]", this.root);
    if (hint) hint.hidden = examples.length + more >= MOST_EXAMPLES;
  }

  example(example, canEdit) {
    const words = interpolate(gettext("Take the picture %(name)s away"), { name: example.name });
    const remove = { class: "word-example__remove", type: "button", "aria-label": words, title: words, data: { remove: example.image } };
    return el("li", { class: "word-example" }, thumbnail(example), canEdit && el("button", remove, icon("x")));
  }

  renderCategory({ category }) {
    const place = $("[data-word-category]", this.root);
    if (place.matches("select")) place.value = String(category?.id ?? 0);
    else place.textContent = category?.name ?? gettext("No category");
  }

  renderList(name, rows, note = "") {
    const part = this.parts.get(name);
    fill($("[data-list]", part), rows.map((row) => this.chip(row)));
    $("[data-none]", part).hidden = rows.length > 0 || (name === "datasets" && note !== "");
    const place = $("[data-note]", part);
    place.textContent = note;
    place.hidden = note === "";
  }

  chip({ id, name }) {
    const words = interpolate(gettext("Take %(name)s away"), { name });
    const remove = { class: "chip__remove", type: "button", "aria-label": words, title: words, data: { remove: id } };
    return el(
      "li",
      { class: "chip" },
      el("bdi", { class: "chip__text", text: name, title: name }),
      this.detail.can_edit && el("button", remove, icon("x")),
    );
  }

  renderUse({ is_deprecated: isDeprecated, successor }) {
    $("[data-word-use]", this.root).textContent = useWords(isDeprecated, successor);
    const [form, button] = [$("[data-word-retire]", this.root), $("[data-word-restore]", this.root)];
    if (form) form.hidden = isDeprecated;
    if (button) button.hidden = !isDeprecated;
  }

  /** The datasets that may be added; they are asked for once a page. */
  async offerDatasets() {
    this.datasets ??= await getJson(`${this.api}datasets`).catch(() => null);
    const there = new Set(this.detail.datasets.map((dataset) => dataset.id));
    const free = (this.datasets ?? []).filter((dataset) => !there.has(dataset.id));
    const select = $("select", this.parts.get("datasets"));
    const first = el("option", { value: "", text: gettext("A dataset…") });
    fill(select, first, free.map((dataset) => el("option", { value: dataset.id, text: dataset.name })));
  }

  async complete(text) {
    const names = text ? await getJson(`${this.api}vocabulary/tags?q=${encodeURIComponent(text)}`).catch(() => []) : [];
    fill($("[data-word-names]", this.root), names.map(({ name }) => el("option", { value: name })));
  }

  // --- What is changed ----------------------------------------------------------------------------

  saveAbout() {
    const description = this.about.value?.trim() ?? this.detail.description;
    if (description === this.detail.description) return null;
    return this.save("description", patchJson, "", { description });
  }

  async added(event, part) {
    event.preventDefault();
    const form = event.target;
    const { value } = form.elements.name;
    if (value === "") return;
    const datasets = () => [...this.detail.datasets.map((dataset) => dataset.id), Number(value)];
    const isSaved =
      part === "datasets"
        ? await this.save(part, putJson, "/datasets", { datasets: datasets() })
        : await this.save(part, postJson, ADDRESSES[part], { name: value });
    if (!isSaved) return;
    form.reset();
    if (part === "datasets") this.offerDatasets();
    form.elements.name.focus();
  }

  async removed(event, part) {
    const button = event.target.closest("[data-remove]");
    if (!button) return;
    const id = Number(button.dataset.remove);
    const at = [...button.closest("ul").children].indexOf(button.closest("li"));
    const datasets = () => this.detail.datasets.map((dataset) => dataset.id).filter((other) => other !== id);
    const isSaved =
      part === "datasets"
        ? await this.save(part, putJson, "/datasets", { datasets: datasets() })
        : await this.save(part, del, `${ADDRESSES[part]}/${id}`);
    if (part === "datasets") this.offerDatasets();
    if (isSaved) this.focusNear(part, at);
  }

  /** What had the focus is gone: the next one has it, or where one is added. */
  focusNear(part, at) {
    const buttons = $$("[data-remove]", this.parts.get(part));
    (buttons[at] ?? buttons.at(-1) ?? $("input, select", this.parts.get(part)) ?? $("[data-close]", this.root)).focus();
  }

  /** Save a change and show the tag as it is then; returns whether it was taken. */
  async save(part, way, path, body) {
    const { id } = this.detail;
    try {
      const detail = await way(`${this.api}vocabulary/tags/${id}${path}`, body);
      this.isChanged = true;
      this.fail(part, "");
      if (this.detail.id === id) this.take(detail);
      $("[data-word-said]", this.root).textContent = gettext("Saved");
      return true;
    } catch (error) {
      this.fail(part, error.detail ?? String(error));
      this.renderCategory(this.detail);
      return false;
    }
  }

  fail(part, text) {
    const place = $("[data-part-error]", this.parts.get(part));
    place.textContent = text;
    place.hidden = text === "";
  }

  async closed() {
    if ((await this.saveAbout()) === false) {
      // What was written is nowhere else.
      this.root.showModal();
      return;
    }
    this.onClose(this.detail.id, this.isChanged);
  }
}

const ADDRESSES = { aliases: "/aliases", implies: "/implications", examples: "/examples" };
const del = (address) => send("DELETE", address);

function useWords(isDeprecated, successor) {
  if (!isDeprecated) return gettext("It may be used.");
  if (successor === "") return gettext("It is not used any more, and nothing takes its place.");
  return interpolate(gettext("It is not used any more: “%(successor)s” takes its place."), { successor });
}

function impliedBy(names) {
  if (names.length === 0) return "";
  const shown = names.slice(0, 12).join(", ");
  const words = names.length > 12 ? gettext("Follows from %(names)s and %(more)s more.") : gettext("Follows from %(names)s.");
  return interpolate(words, { names: shown, more: names.length - 12 });
}

function unseen(count) {
  const words = ngettext("%(count)s more that you may not see.", "%(count)s more that you may not see.", count);
  return count > 0 ? interpolate(words, { count }) : "";
}
