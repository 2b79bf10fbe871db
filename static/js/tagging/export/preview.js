// What an export would hold: numbers of all of it, and some of its images as the trainer reads them.

import { $, el, fill, icon } from "../../lib/dom.js";
import { formatBytes, formatNumber } from "../../lib/format.js";
import { gettext, interpolate, ngettext } from "../../lib/i18n.js";

const FEW = 4;

export const countImages = (count) => interpolate(ngettext("%(count)s image", "%(count)s images", count), { count: formatNumber(count) });

export class Preview {
  constructor(root) {
    this.facts = $("[data-facts]", root);
    this.others = $("[data-others]", root);
    this.list = $("[data-examples]", root);
    this.more = $("[data-more]", root);
    this.isWhole = false;
    this.more.addEventListener("click", () => {
      this.isWhole = true;
      this.showExamples();
      this.list.children[FEW]?.querySelector("p")?.focus();
    });
  }

  /** `version` is what was chosen in place of the present: {title, address}, `null` for none. */
  show(found, { version = null, selected = null, filter = "" } = {}) {
    this.found = found;
    this.showFacts(found, { version, selected, filter });
    this.showExamples();
  }

  showFacts(found, { version, selected, filter }) {
    const rows = [fact(gettext("Images"), formatNumber(selected ?? found.images))];
    if (selected === null) rows.push(fact(gettext("Originals"), formatBytes(found.byte_size)));
    if (found.archives > 1) rows.push(fact(gettext("Archives"), formatNumber(found.archives)));
    fill(this.facts, rows);
    const notes = [
      found.file_names.length > 0 && el("code", { class: "export__file", dir: "ltr", text: found.file_names[0] }),
      found.left_out > 0 && part("%(count)s untagged image is left out.", "%(count)s untagged images are left out.", found.left_out),
      found.converted > 0 && part("%(count)s picture is written anew.", "%(count)s pictures are written anew.", found.converted),
      found.others.length > 0 && interpolate(gettext("With %(names)s."), { names: found.others.map(lastName).join(", ") }),
    ];
    if (version) notes.unshift([gettext("As it was in"), " ", el("a", { href: version.address }, el("bdi", { text: version.title }))]);
    if (filter) notes.unshift([gettext("Only"), " ", el("code", { class: "export__filter" }, el("bdi", { text: filter }))]);
    fill(this.others, notes.filter(Boolean).map((note) => el("span", {}, note)));
  }

  /** Say why nothing can be told; the texts shown last stay, so that nothing jumps while one writes a template. */
  fail(text) {
    fill(this.facts);
    fill(this.others, el("span", { class: "export__refused" }, icon("circle-alert"), el("span", { text })));
    if (!this.found) fill(this.list, el("li", { class: "quiet", text: gettext("They stand here once the options can be read.") }));
  }

  showExamples() {
    const { examples } = this.found;
    const shown = this.isWhole ? examples : examples.slice(0, FEW);
    const rows = shown.map((example) => this.example(example));
    fill(this.list, rows.length > 0 ? rows : el("li", { class: "quiet", text: gettext("No image goes in.") }));
    const left = examples.length - shown.length;
    this.more.hidden = left <= 0;
    this.more.textContent = interpolate(ngettext("%(count)s more image", "%(count)s more images", left), { count: formatNumber(left) });
  }

  example(example) {
    const { most_clip: clip, most_t5: t5 } = this.found;
    return el(
      "li",
      { class: "export-example" },
      pictureOf(example),
      el(
        "div",
        { class: "export-example__body" },
        el(
          "div",
          { class: "export-example__head" },
          el("bdi", { class: "export-example__name", title: example.name, text: example.name }),
          el("span", { class: "export-example__counts numbers" }, tokens("CLIP", example.clip, clip), tokens("T5", example.t5, t5)),
        ),
        el("p", { class: "export-example__text", dir: "auto", tabindex: "-1" }, example.text || el("em", { text: gettext("No text file is written.") })),
        el(
          "p",
          { class: "export-example__file" },
          el("code", { dir: "ltr", title: example.picture_name, text: lastName(example.picture_name) }),
          example.converted && el("span", { class: "badge", text: gettext("written anew") }),
        ),
      ),
    );
  }
}

/** Of a version the picture may be gone from the dataset: its words stay. */
function pictureOf({ thumbnail }) {
  if (thumbnail) return el("img", { class: "export-example__picture", src: thumbnail, alt: "", loading: "lazy", width: 72, height: 72 });
  return el("span", { class: "export-example__picture export-example__picture--gone", title: gettext("This picture is not in the dataset any more.") }, icon("image-off"));
}

const fact = (name, value) => el("div", {}, el("dt", { text: name }), el("dd", { text: value }));

const part = (one, many, count) => interpolate(ngettext(one, many, count), { count: formatNumber(count) });

const lastName = (path) => path.split("/").at(-1);

function tokens(name, count, most) {
  if (count === null) return null;
  const isOver = count > most;
  const values = { name, count: formatNumber(count), most: formatNumber(most), over: formatNumber(count - most) };
  const title = isOver
    ? interpolate(gettext("%(count)s tokens, and %(name)s reads %(most)s: the end is not read."), values)
    : interpolate(gettext("%(count)s of the %(most)s tokens that %(name)s reads."), values);
  const words = isOver ? gettext("%(name)s %(over)s over %(most)s") : gettext("%(name)s %(count)s / %(most)s");
  return el("span", { class: isOver ? "export-tokens export-tokens--over" : "export-tokens", title }, isOver && icon("triangle-alert"), interpolate(words, values));
}
