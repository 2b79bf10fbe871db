// What a tag is for, with pictures that show it: beside the picture, on demand, so that nothing moves for it. While it
// is open it tells of the tag, or the suggestion, that one is on.

import { $, el, fill, throttle } from "../lib/dom.js";
import { getJson, postJson, send } from "../lib/http.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { toastError } from "../lib/toast.js";
import { ExampleDialog } from "../tagging/example_dialog.js";
import { thumbnail } from "../tagging/thumbnail.js";

const FOLLOW_EVERY = 150;
const FRESH_FOR = 60000;

export class AboutTag {
  constructor(desk, page) {
    this.desk = desk;
    this.urls = page.urls;
    this.datasetId = page.dataset.id;
    this.root = $("[data-about-tag]");
    this.body = $("[data-about-tag-body]", this.root);
    this.known = new Map();
    this.name = null;
    this.dialog = new ExampleDialog({
      api: page.urls.api,
      datasetId: page.dataset.id,
      onSaved: (detail) => this.renew(detail),
      onClosed: () => desk.toTagBox(),
    });
    $("[data-about-tag-close]", this.root).addEventListener("click", () => this.close());
    desk.addEventListener("shown", () => this.isOpen && this.render());
    const follow = throttle(() => this.follow(), FOLLOW_EVERY);
    desk.chips.list.addEventListener("focusin", follow);
    new MutationObserver(follow).observe(desk.suggestions.list, { subtree: true, childList: true, attributeFilter: ["aria-selected"] });
  }

  actions() {
    const group = gettext("On a tag");
    const about = gettext("What it is for, with pictures that show it");
    return [
      { id: "aboutTag", group, label: about, keys: ["Alt+KeyM"], run: () => this.toggle() },
      { id: "aboutTagToo", group, label: gettext("What a tag is for, when nothing is being typed"), keys: ["KeyM"], when: "reading", run: () => this.toggle() },
      { id: "exampleOf", group, label: gettext("Use this picture as an example of…"), keys: [], run: () => this.choose() },
    ];
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** The suggestion, else the tag that one is on, else the last one. */
  get wanted() {
    const { suggestions, chips } = this.desk;
    return suggestions.chosen ?? chips.focused ?? chips.last;
  }

  toggle() {
    const { wanted } = this;
    if (this.isOpen && (wanted === this.name || wanted === null)) this.close();
    else this.open(wanted);
  }

  open(name) {
    this.root.hidden = false;
    this.show(name);
  }

  close() {
    const hadFocus = this.root.contains(document.activeElement);
    this.root.hidden = true;
    if (hadFocus) this.desk.toTagBox();
  }

  follow() {
    const name = this.desk.suggestions.chosen ?? this.desk.chips.focused;
    if (this.isOpen && name !== null && name !== this.name) this.show(name);
  }

  async show(name) {
    this.name = name;
    if (name === null) {
      fill(this.body, el("p", { class: "quiet", text: gettext("There is no tag here yet.") }));
      return;
    }
    const known = this.known.get(name);
    if (known && performance.now() - known.at < FRESH_FOR) {
      this.render();
      return;
    }
    const query = new URLSearchParams({ name });
    const answer = await getJson(`${this.urls.api}datasets/${this.datasetId}/tag-meaning?${query}`).catch((error) => error);
    const detail = answer instanceof Error ? { trouble: answer.detail ?? String(answer) } : answer;
    if (answer.status !== 0) this.known.set(name, { at: performance.now(), detail });
    if (this.name === name) this.render(detail);
  }

  render(detail = this.known.get(this.name)?.detail) {
    if (!detail) return;
    const { trouble, description, category, examples = [] } = detail;
    const hadFocus = this.body.contains(document.activeElement);
    fill(
      this.body,
      el("h2", { class: "about-tag__name" }, el("bdi", { text: this.name }), category && el("span", { class: "category", data: { colour: category.colour }, text: category.name })),
      el("p", { class: description ? "about-tag__text" : "quiet", text: trouble ?? (description || gettext("Nobody said yet what it is for.")) }),
      examples.length > 0 && el("ul", { class: "about-tag__examples", "aria-label": gettext("Pictures that show it") }, examples.map((example) => el("li", {}, thumbnail(example)))),
      !trouble && factsOf(detail),
      !trouble && this.ways(detail),
    );
    if (hadFocus) $("button, a", this.body)?.focus();
  }

  ways({ id, examples, can_edit: canEdit }) {
    const isExample = examples.some(({ image }) => image === this.desk.image);
    const words = isExample ? gettext("Take this picture out of them") : gettext("Use this picture as an example");
    const toggle = { class: "button", type: "button", text: words, onclick: () => this.use(id, !isExample) };
    const address = `${this.urls.vocabulary}#tag-${id}`;
    return el(
      "div",
      { class: "about-tag__ways" },
      canEdit && el("button", toggle),
      // In a tab of its own: nothing on this page is lost.
      el("a", { class: "button button--quiet", href: address, target: "_blank", rel: "noopener", text: gettext("Vocabulary") }),
    );
  }

  /** Let the picture show the tag, or no more. */
  async use(id, isWanted) {
    const address = `${this.urls.api}vocabulary/tags/${id}/examples`;
    const { image } = this.desk;
    try {
      this.renew(await (isWanted ? postJson(address, { images: [image] }) : send("DELETE", `${address}/${image}`)));
    } catch (error) {
      toastError(error);
    }
  }

  /** A tag is as told here from now on, under whatever names it was asked for. */
  renew(detail) {
    for (const known of this.known.values()) {
      if (known.detail.id === detail.id) known.detail = detail;
    }
    if (this.isOpen) this.render();
  }

  choose() {
    const { desk } = this;
    desk.caption.flush();
    this.dialog.open([desk.image], { names: desk.chips.names, wanted: desk.chips.focused ?? "" });
  }
}

function factsOf({ aliases, implies, is_deprecated: isDeprecated, successor }) {
  const names = (rows) => rows.map(({ name }) => name).join(", ");
  const outOfUse = successor ? interpolate(gettext("“%(name)s” takes its place"), { name: successor }) : gettext("nothing takes its place");
  const rows = [
    [gettext("Not used"), isDeprecated ? outOfUse : ""],
    [gettext("Aliases"), names(aliases.slice(0, 6))],
    [gettext("Implies"), names(implies.slice(0, 6))],
  ].filter(([, value]) => value !== "");
  if (rows.length === 0) return null;
  return el("dl", { class: "info__list" }, rows.map(([name, value]) => el("div", { class: "info__row" }, el("dt", { text: name }), el("dd", {}, el("bdi", { text: value })))));
}
