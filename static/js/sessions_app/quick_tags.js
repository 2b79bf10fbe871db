// The tags on the keys 1 to 9: shown with their digits, given and taken with one press, arranged in a dialog.

import { $, el, fill, icon, rememberFocus, throttle } from "../lib/dom.js";
import { getJson, postJson, putJson, send } from "../lib/http.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { toast, toastError } from "../lib/toast.js";
import { placeOf } from "../tagging/registry.js";
import { SlotDrag } from "./slot_drag.js";

const SLOTS = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const ROW = 3;
// However much happens in the dataset, this often at the most a page asks for its keys.
const ASK_EVERY = 3000;
const WAIT = 120;

export class QuickTags {
  constructor(desk, page) {
    this.desk = desk;
    this.address = `${page.urls.api}datasets/${page.dataset.id}/quick-tags`;
    this.root = $("[data-at-hand]");
    this.list = $("[data-quick-tags]", this.root);
    this.dialog = $("[data-arrange]");
    this.error = $("[data-arrange-error]", this.dialog);
    this.rows = $("[data-arrange-list]", this.dialog);
    this.names = $("[data-arrange-names]", this.dialog);
    this.tags = new Map();
    this.listen();
    this.root.hidden = false;
    this.load();
  }

  listen() {
    // A press must not take the focus out of the tag box.
    this.root.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.clicked(event.target.closest("[data-slot]")));
    this.rows.addEventListener("click", (event) => this.arranged(event.target.closest("[data-do]")));
    this.rows.addEventListener("submit", (event) => this.submitted(event));
    this.rows.addEventListener("input", throttle((event) => this.suggest(event.target.value), WAIT));
    $("[data-close]", this.dialog).addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    this.dialog.addEventListener("close", () => this.giveFocusBack(() => this.desk.toTagBox()));
    const onDrop = (from, to) => this.dropped(from, to);
    new SlotDrag(this.list, { places: ".quick-tag", handle: ".quick-tag:not(.quick-tag--empty)", onDrop });
    new SlotDrag(this.rows, { places: ".key-list__row", handle: ".key-list__name", onDrop });
    this.desk.addEventListener("rendered", () => this.mark());
    this.desk.addEventListener("heard", ({ detail }) => this.heard(detail));
  }

  actions() {
    const group = gettext("Quick tags");
    const toggles = SLOTS.map((slot) => ({
      id: `quickTag${slot}`,
      group,
      label: interpolate(gettext("Give or take quick tag %(slot)s, when the tag box is empty"), { slot }),
      keys: [`Digit${slot}`],
      // A digit without a tag is a letter like any other, and so is each behind a first one.
      when: (event) => this.tags.has(slot) && ["emptyBox", "tag", "stage", "page"].includes(placeOf(event)),
      can: () => this.tags.has(slot),
      run: () => this.toggle(slot),
    }));
    return [
      ...toggles,
      { id: "pinTag", group, label: gettext("Pin the selected tag to a key"), keys: ["Alt+KeyP"], run: () => this.pinCurrent() },
      { id: "arrangeQuickTags", group, label: gettext("Arrange the quick tags"), keys: [], run: () => this.open() },
    ];
  }

  // --- What is on the keys -------------------------------------------------------------------------

  async load() {
    const run = (this.run = Symbol("load"));
    const answer = await getJson(this.address).catch(() => null);
    // What was asked for before a change of our own, or before a later question, may be older than what is shown.
    if (answer && run === this.run) this.take(answer);
  }

  /** Let the server change the keys and show what they are then; an answer that is still on its way counts no more. */
  async save(work) {
    this.run = null;
    const answer = await work();
    this.run = null;
    this.take(answer);
    this.loadSoon();
  }

  heard({ revision }) {
    if (revision === this.revision) return;
    const isFirst = this.revision === undefined;
    this.revision = revision;
    if (!isFirst) this.loadSoon();
  }

  loadSoon = throttle(() => this.load(), ASK_EVERY);

  take({ tags }) {
    const text = JSON.stringify(tags);
    if (text === this.taken) return;
    this.taken = text;
    this.tags = new Map(tags.map((tag) => [tag.slot, tag]));
    this.render();
    // What is being written there is not taken away by what somebody else does.
    const isWriting = this.rows.contains(document.activeElement) && Boolean(document.activeElement.value);
    if (this.dialog.open && !isWriting) this.renderAgain();
  }

  render() {
    const highest = Math.max(0, ...this.tags.keys());
    // Whole rows, and one place that is free: keys keep their places whatever is pinned.
    const shown = Math.min(SLOTS.length, Math.ceil((highest + (this.tags.size === highest ? 1 : 0)) / ROW) * ROW);
    this.list.hidden = this.tags.size === 0;
    fill(this.list, SLOTS.slice(0, shown).map((slot) => this.slot(slot, this.tags.get(slot))));
    $("[data-arrange-text]", this.root).textContent =
      this.tags.size === 0 ? gettext("Pin tags to the keys 1 to 9") : gettext("Arrange");
    this.mark();
  }

  slot(slot, tag) {
    const digit = el("kbd", { class: "quick-tag__key", text: String(slot), "aria-hidden": "true" });
    if (!tag) {
      const words = interpolate(gettext("Pin a tag to %(slot)s"), { slot });
      const empty = { class: "quick-tag quick-tag--empty", type: "button", data: { slot }, "aria-label": words, title: words };
      return el("li", {}, el("button", empty, digit, icon("plus")));
    }
    const title = tag.category ? `${tag.name} (${tag.category})` : tag.name;
    const facts = { class: "quick-tag", type: "button", "aria-keyshortcuts": String(slot), title, data: { slot, colour: tag.colour } };
    return el("li", {}, el("button", facts, digit, el("span", { class: "quick-tag__name" }, el("bdi", { text: tag.name }))));
  }

  /** Show which of them this picture has. */
  mark() {
    const there = this.present();
    for (const button of this.list.querySelectorAll(".quick-tag:not(.quick-tag--empty)")) {
      const tag = this.tags.get(Number(button.dataset.slot));
      button.setAttribute("aria-pressed", String(there.has(tag.name)));
    }
  }

  present() {
    const { image } = this.desk;
    return new Set(this.desk.desks.known(image) ? this.desk.shown(image).tags.map((tag) => tag.name) : []);
  }

  clicked(button) {
    if (!button) return;
    const slot = Number(button.dataset.slot);
    if (this.tags.has(slot)) this.toggle(slot);
    else this.open(slot);
  }

  toggle(slot) {
    const { desk } = this;
    const { name } = this.tags.get(slot) ?? {};
    if (name === undefined) return;
    const { image } = desk;
    // In line behind what was typed and still waits for its suggestion: tags keep the order of the keys.
    desk.box.onWait(() =>
      desk.box.inLine(() => {
        const isThere = desk.shown(image).tags.some((tag) => tag.name === name);
        if (isThere && !desk.remove(image, name)) return;
        if (!isThere) desk.add(image, [name]);
        const words = isThere ? gettext("%(name)s removed") : gettext("%(name)s added");
        desk.announce(interpolate(words, { name }));
      }),
    );
  }

  // --- Pinning -------------------------------------------------------------------------------------

  /** The tag that is selected goes to the first free key; where there is none, one is chosen. */
  async pinCurrent() {
    const name = this.desk.chips.focused;
    if (name === null) {
      this.open();
      return;
    }
    try {
      await this.save(() => postJson(this.address, { tag: name }));
      const { slot } = [...this.tags.values()].find((tag) => tag.name === name) ?? {};
      toast(interpolate(gettext("%(name)s is on key %(slot)s."), { name, slot }), { kind: "success", seconds: 5 });
    } catch (error) {
      if (error.status === 409) this.open(null, name, error.detail);
      else toastError(error);
    }
  }

  open(slot = null, wanted = "", reason = "") {
    this.wanted = wanted;
    this.renderRows();
    this.fail(reason);
    if (!this.dialog.open) {
      this.giveFocusBack = rememberFocus();
      this.dialog.showModal();
    }
    const first = slot ?? SLOTS.find((other) => !this.tags.has(other));
    (this.rows.querySelector(`[data-row="${first}"] input`) ?? this.rows.querySelector("button")).focus();
  }

  /** Somebody else changed the keys: the focus stays in its row. */
  renderAgain() {
    const focused = this.rows.contains(document.activeElement) ? document.activeElement : null;
    const slot = focused?.closest("[data-row]")?.dataset.row;
    this.renderRows();
    if (slot !== undefined) this.focusRow(slot, focused.dataset.do);
  }

  focusRow(slot, then = null) {
    const row = this.rows.querySelector(`[data-row="${slot}"]`);
    const button = then && row.querySelector(`[data-do="${then}"]:not(:disabled)`);
    (button || row.querySelector("input, button:not(:disabled)")).focus();
  }

  renderRows() {
    fill(this.rows, SLOTS.map((slot) => this.row(slot, this.tags.get(slot))));
  }

  row(slot, tag) {
    const digit = el("kbd", { text: String(slot), "aria-hidden": "true" });
    if (!tag) return el("li", { class: "key-list__row", data: { row: slot } }, digit, this.field(slot));
    const { name, category, colour } = tag;
    const button = (what, words, drawing, isOff = false) => {
      const label = interpolate(words, { name, slot });
      const facts = { class: "button button--quiet button--icon", type: "button", "aria-label": label, title: label };
      return el("button", { ...facts, disabled: isOff, data: { do: what, slot } }, icon(drawing));
    };
    return el(
      "li",
      { class: "key-list__row", data: { row: slot } },
      digit,
      el("span", { class: "key-list__name truncate", data: { colour } }, el("bdi", { text: name }), category && el("small", { text: category })),
      this.wanted && el("button", { class: "button", type: "button", text: gettext("Put it here"), "aria-label": interpolate(gettext("Put it here, in place of %(name)s"), { name }), data: { do: "replace", slot } }),
      button("earlier", gettext("Move %(name)s to the key before"), "arrow-up", slot === 1),
      button("later", gettext("Move %(name)s to the key behind"), "arrow-down", slot === SLOTS.length),
      button("unpin", gettext("Take %(name)s off key %(slot)s"), "pin-off"),
    );
  }

  field(slot) {
    const label = interpolate(gettext("Tag for key %(slot)s"), { slot });
    const facts = { class: "input", type: "text", name: "tag", list: "quick-tag-names", maxlength: "200", autocomplete: "off", spellcheck: "false" };
    return el(
      "form",
      { class: "key-list__form", data: { slot } },
      el("input", { ...facts, "aria-label": label, placeholder: gettext("Tag…") }),
      el("button", { class: "button", type: "submit", text: gettext("Pin") }),
    );
  }

  async suggest(text) {
    const found = text.trim() ? await this.desk.vocabulary.find(text.trim()).catch(() => []) : [];
    fill(this.names, found.slice(0, 12).map(({ name }) => el("option", { value: name })));
  }

  submitted(event) {
    event.preventDefault();
    const { slot } = event.target.dataset;
    this.change(() => putJson(`${this.address}/${slot}`, { tag: event.target.elements.tag.value }), slot, "unpin");
  }

  arranged(button) {
    if (!button) return;
    const slot = Number(button.dataset.slot);
    const { name } = this.tags.get(slot) ?? {};
    if (name === undefined && button.dataset.do !== "replace") {
      // Somebody else freed the key meanwhile.
      this.renderRows();
      this.focusRow(slot);
      return;
    }
    const put = (where, tag = name) => () => putJson(`${this.address}/${where}`, { tag });
    if (button.dataset.do === "earlier") this.change(put(slot - 1), slot - 1, "earlier");
    if (button.dataset.do === "later") this.change(put(slot + 1), slot + 1, "later");
    if (button.dataset.do === "unpin") this.change(() => send("DELETE", `${this.address}/${slot}`), slot);
    if (button.dataset.do === "replace") {
      const { wanted } = this;
      this.wanted = "";
      this.change(put(slot, wanted), slot, "unpin");
    }
  }

  /** A tag was dragged onto another key: what is there changes places with it. */
  async dropped(from, to) {
    const { name } = this.tags.get(from) ?? {};
    if (name === undefined) return;
    const work = () => putJson(`${this.address}/${to}`, { tag: name });
    if (this.dialog.open) await this.change(work, to);
    else await this.save(work).catch(toastError);
    this.desk.announce(interpolate(gettext("%(name)s is on key %(slot)s."), { name, slot: to }));
  }

  /** Let the server change the keys; the focus stays with the tag it was on. */
  async change(work, slot, then = null) {
    try {
      this.fail("");
      await this.save(work);
      this.renderRows();
      this.focusRow(slot, then);
    } catch (error) {
      this.fail(error.detail ?? String(error));
    }
  }

  fail(text) {
    this.error.textContent = text;
    this.error.hidden = text === "";
  }
}
