// The picture before beside this one, looked at in step, with the tags that only one of them has.

import { $, el, fill } from "../lib/dom.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { Viewport } from "./viewport.js";

export class Compare {
  constructor(desk) {
    this.desk = desk;
    this.root = $("[data-compare]");
    this.stage = $("[data-stage]");
    this.panes = [];
    desk.addEventListener("shown", () => this.isOpen && this.show());
    desk.addEventListener("rendered", () => this.isOpen && this.tellTags());
  }

  actions() {
    const group = gettext("Looking closer");
    return [
      { id: "compare", group, label: gettext("Beside the picture before"), keys: ["Alt+KeyV"], can: () => this.desk.navigator.desk?.previous_id != null, run: () => this.toggle() },
      { id: "compareToo", group, label: gettext("Beside the picture before, when nothing is being typed"), keys: ["KeyV"], when: "reading", run: () => this.toggle() },
      { id: "compareEnd", group, label: gettext("End comparing"), keys: ["Escape"], only: () => this.isOpen, mode: "compare", run: () => this.close() },
    ];
  }

  get isOpen() {
    return !this.root.hidden;
  }

  toggle() {
    if (this.isOpen) this.close();
    else this.open();
  }

  open() {
    if (this.desk.navigator.desk.previous_id === null) {
      this.desk.announce(gettext("This is the first picture."));
      return;
    }
    this.root.hidden = false;
    this.stage.classList.add("stage--compared");
    this.mark();
    return this.show();
  }

  close() {
    this.root.hidden = true;
    this.stage.classList.remove("stage--compared");
    this.panes = [];
    fill($("[data-compare-panes]", this.root));
    this.mark();
    this.desk.toTagBox();
  }

  mark() {
    document.querySelector("[data-action=compare]")?.setAttribute("aria-pressed", String(this.isOpen));
  }

  /** What keys of the loupe change: the one pane, which the other follows. */
  get viewport() {
    return this.isOpen ? (this.panes[0] ?? null) : null;
  }

  async show() {
    const here = this.desk.navigator.desk;
    if (here.previous_id === null) {
      this.close();
      return;
    }
    const before = await this.desk.desks.load(here.previous_id).catch(() => null);
    if (here !== this.desk.navigator.desk && here.image.id !== this.desk.image) return;
    if (!this.isOpen || before === null) return;
    this.before = before;
    this.here = here;
    const places = [before, here].map((shown) => this.pane(shown));
    fill($("[data-compare-panes]", this.root), places.map((place) => place.pane));
    this.panes = places.map(({ pane, frame, image }) => {
      const viewport = new Viewport({ box: pane, frame, onChange: (one, isOwn) => isOwn && this.follow(one) });
      viewport.setPicture(image);
      return viewport;
    });
    this.tellTags();
  }

  pane({ image }) {
    const { id, name, preview, width, height, colour } = image;
    const picture = el("img", { src: preview, width, height, alt: name, draggable: "false" });
    const frame = el("div", { class: "compare__frame" }, picture);
    frame.style.setProperty("--width", width);
    frame.style.setProperty("--height", height);
    frame.style.setProperty("--colour", colour);
    const title = id === this.desk.image ? gettext("This picture") : gettext("The one before");
    const pane = el(
      "figure",
      { class: "compare__pane" },
      frame,
      el("figcaption", { class: "compare__name" }, el("span", { class: "quiet", text: title }), " ", el("bdi", { text: name })),
    );
    return { pane, frame, image };
  }

  /** What one does, the other does: by parts of the picture, as their sizes may differ. */
  follow(one) {
    for (const other of this.panes) if (other !== one) other.look(one.view);
  }

  tellTags() {
    if (!this.here || !this.before) return;
    const tagsOf = (id) => this.desk.shown(id).tags.map((tag) => tag.name);
    const [before, here] = [tagsOf(this.before.image.id), tagsOf(this.here.image.id)];
    const only = (some, others) => some.filter((name) => !others.includes(name));
    const left = only(before, here);
    const right = only(here, before);
    const rows = [this.difference(this.before, left), this.difference(this.here, right)];
    const same = before.length > 0 ? gettext("Both have the same tags.") : gettext("Neither has a tag.");
    fill($("[data-compare-tags]", this.root), left.length + right.length > 0 ? rows : el("p", { class: "quiet", text: same }));
  }

  difference({ image }, names) {
    const title = interpolate(gettext("Only on %(name)s"), { name: image.name });
    const tags = names.map((name) => el("li", { class: "compare__tag" }, el("bdi", { text: name })));
    return el("div", { class: "compare__only" }, el("h3", { text: title }), names.length > 0 ? el("ul", {}, tags) : el("p", { class: "quiet", text: gettext("nothing") }));
  }
}
