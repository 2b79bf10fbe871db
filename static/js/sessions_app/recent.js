// The last different tags that were added here: one press gives them to another picture.

import { $, el, fill } from "../lib/dom.js";
import { getJson } from "../lib/http.js";
import { gettext, interpolate } from "../lib/i18n.js";

const MOST = 12;

export class RecentTags {
  constructor(desk, page) {
    this.desk = desk;
    this.address = `${page.urls.api}datasets/${page.dataset.id}/recent-tags`;
    this.root = $("[data-recent]");
    this.list = $("[data-recent-list]", this.root);
    this.tags = [];
    this.list.addEventListener("click", (event) => this.clicked(event.target.closest("[data-name]")));
    desk.addEventListener("rendered", ({ detail }) => this.rendered(detail));
    desk.addEventListener("stored", ({ detail }) => this.learn(addedBy(detail.operations), detail.state.tags));
    this.load();
  }

  async load() {
    const answer = await getJson(this.address).catch(() => null);
    if (!answer) return;
    const names = new Set(this.tags.map((tag) => tag.name));
    this.take([...this.tags, ...answer.tags.filter((tag) => !names.has(tag.name))]);
  }

  /** What is added here counts at once, long before it is stored. */
  rendered({ image, state }) {
    this.learn(addedBy(this.desk.outbox.operationsOf(image)), state.tags);
    this.mark(state);
  }

  learn(names, tags) {
    const there = new Set(tags.map((tag) => tag.name));
    const known = new Set(this.tags.map((tag) => tag.name));
    const fresh = [...new Set(names)].filter((name) => there.has(name) && !known.has(name));
    if (fresh.length === 0) return;
    // What is there already keeps its place: nothing changes places under the pointer.
    this.take([...fresh.reverse().map((name) => ({ name, category: "", colour: "" })), ...this.tags]);
  }

  take(tags) {
    this.tags = tags.slice(0, MOST);
    this.root.hidden = this.tags.length === 0;
    fill(this.list, this.tags.map((tag) => el("li", {}, this.button(tag))));
    if (this.desk.desks.known(this.desk.image)) this.mark(this.desk.shown(this.desk.image));
  }

  button({ name, category, colour }) {
    const title = category ? `${name} (${category})` : name;
    return el("button", { class: "recent-tag", type: "button", title, data: { name, colour } }, el("bdi", { text: name }));
  }

  mark(state) {
    const there = new Set(state.tags.map((tag) => tag.name));
    for (const button of this.list.querySelectorAll("[data-name]")) {
      button.setAttribute("aria-pressed", String(there.has(button.dataset.name)));
    }
  }

  clicked(button) {
    if (!button) return;
    const { desk } = this;
    const { name } = button.dataset;
    const isThere = button.getAttribute("aria-pressed") === "true";
    if (isThere && !desk.remove(desk.image, name)) return;
    if (!isThere) desk.add(desk.image, [name]);
    const words = isThere ? gettext("%(name)s removed") : gettext("%(name)s added");
    desk.announce(interpolate(words, { name }));
  }
}

const addedBy = (operations) => operations.filter(({ kind }) => kind === "add").map(({ tag }) => tag);
