// "Use this picture as an example of…": which tag pictures are to show, asked on the desk and in the grid.

import { el, fill, rememberFocus, throttle } from "../lib/dom.js";
import { getJson, postJson, send } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { toast, toastError } from "../lib/toast.js";

const WAIT = 120;
const MOST_OFFERED = 24;

export class ExampleDialog {
  /** `onSaved(detail)` gets the tag as it is then; `onClosed()` is called where nothing else takes the focus. */
  constructor({ api, datasetId, onSaved = () => {}, onClosed = () => {} }) {
    Object.assign(this, { api, datasetId, onSaved, onClosed });
    this.dialog = null;
  }

  make() {
    const field = { class: "input", id: "example-tag", type: "text", name: "tag", list: "example-tags", maxlength: "200", required: true, autocomplete: "off", autocapitalize: "off", spellcheck: "false" };
    this.input = el("input", field);
    this.names = el("datalist", { id: "example-tags" });
    this.error = el("p", { class: "field__error", role: "alert", hidden: true });
    this.offered = el("div", { class: "example-choice", role: "group", "aria-label": gettext("Tags of this picture") });
    this.title = el("h2", { id: "example-title" });
    this.form = el(
      "form",
      { class: "dialog__body" },
      this.offered,
      el("div", { class: "field" }, el("label", { class: "field__label", for: "example-tag", text: gettext("Tag") }), this.input, this.names, this.error),
    );
    this.form.id = "example-form";
    this.dialog = el(
      "dialog",
      { class: "dialog", "aria-labelledby": "example-title" },
      el("div", { class: "dialog__head" }, this.title),
      this.form,
      el(
        "div",
        { class: "dialog__actions" },
        el("button", { class: "button button--quiet", type: "button", text: gettext("Cancel"), onclick: () => this.dialog.close() }),
        el("button", { class: "button button--primary", type: "submit", form: "example-form", text: gettext("Use as an example") }),
      ),
    );
    document.body.append(this.dialog);
    this.listen();
  }

  listen() {
    const complete = throttle((text) => this.complete(text), WAIT);
    this.input.addEventListener("input", () => complete(this.input.value.trim()));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save(this.input.value);
    });
    this.offered.addEventListener("click", (event) => {
      const button = event.target.closest("[data-name]");
      if (button) this.save(button.dataset.name);
    });
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => this.giveFocusBack(this.onClosed));
  }

  /** Ask for the tag of pictures; `names` are offered to be pressed, `wanted` stands in the field. */
  open(images, { names = [], wanted = "" } = {}) {
    if (this.dialog === null) this.make();
    this.images = images;
    const words = ngettext("Use this picture as an example of…", "Use %(count)s pictures as examples of…", images.length);
    this.title.textContent = interpolate(words, { count: images.length });
    fill(this.offered, names.slice(0, MOST_OFFERED).map((name) => offer(name)));
    this.offered.hidden = names.length === 0;
    this.input.value = wanted;
    this.fail("");
    this.giveFocusBack = rememberFocus();
    this.dialog.showModal();
    this.input.focus();
    this.input.select();
  }

  async complete(text) {
    const query = new URLSearchParams({ q: text, limit: 12 });
    const { tags } = await getJson(`${this.api}datasets/${this.datasetId}/tag-suggestions?${query}`).catch(() => ({ tags: [] }));
    fill(this.names, tags.map(({ name }) => el("option", { value: name })));
  }

  async save(name) {
    const { images } = this;
    try {
      this.fail("");
      const query = new URLSearchParams({ name });
      const before = await getJson(`${this.api}datasets/${this.datasetId}/tag-meaning?${query}`);
      const there = new Set(before.examples.map(({ image }) => image));
      const fresh = images.filter((image) => !there.has(image));
      const detail = await postJson(`${this.api}vocabulary/tags/${before.id}/examples`, { images });
      this.dialog.close();
      this.onSaved(detail);
      this.tell(detail, fresh);
    } catch (error) {
      this.fail(error.detail ?? String(error));
    }
  }

  tell({ id, name }, fresh) {
    if (fresh.length === 0) {
      toast(interpolate(gettext("“%(name)s” is shown by this already."), { name }), { seconds: 5 });
      return;
    }
    const words = ngettext("A picture more shows “%(name)s”.", "%(count)s pictures more show “%(name)s”.", fresh.length);
    const run = () => this.takeBack(id, fresh).catch(toastError);
    toast(interpolate(words, { count: fresh.length, name }), { kind: "success", action: { label: gettext("Undo"), run } });
  }

  async takeBack(id, images) {
    let detail = null;
    for (const image of images) detail = await send("DELETE", `${this.api}vocabulary/tags/${id}/examples/${image}`);
    this.onSaved(detail);
  }

  fail(text) {
    this.error.textContent = text;
    this.error.hidden = text === "";
  }
}

const offer = (name) => el("button", { class: "button", type: "button", data: { name } }, el("bdi", { class: "truncate", text: name }));
