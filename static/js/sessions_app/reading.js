// What the trainer will read for this picture, as the export would write it now, and how many tokens that is.

import { $, el, fill, icon } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { postJson } from "../lib/http.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { toast } from "../lib/toast.js";

const PAUSE = 300;
const SOON = 60;
const MOST_KNOWN = 60;

const READERS = {
  clip: {
    name: "CLIP",
    what: () =>
      gettext(
        "%(count)s of the %(limit)s tokens that CLIP reads. SD 1.5 and SDXL leave out what is beyond unless told to read more (150 or 225); Flux takes only the gist from CLIP and reads on with T5.",
      ),
  },
  t5: {
    name: "T5",
    what: () =>
      gettext(
        "%(count)s of the %(limit)s tokens that T5 reads for Flux dev; schnell and SD 3 read 256, OneTrainer 77 unless told otherwise. What is beyond is left out.",
      ),
  },
};

export class Reading {
  constructor(desk, page) {
    this.desk = desk;
    this.address = `${page.urls.api}datasets/${page.dataset.id}/caption-text`;
    this.root = $("[data-reading]");
    this.text = $("[data-reading-text]", this.root);
    this.counts = $("[data-reading-counts]", this.root);
    this.note = $("[data-reading-note]", this.root);
    this.copyButton = $("[data-reading-copy]", this.root);
    this.known = new Map();
    this.asked = "";
    this.revision = page.dataset.revision;
    this.root.hidden = false;
    this.copyButton.addEventListener("click", () => this.copy());
    desk.addEventListener("rendered", () => this.changed());
    // Not the words of a picture, so it may be what stands before them all: the trigger word.
    desk.addEventListener("heard", ({ detail }) => {
      const isNew = detail.revision !== this.revision;
      this.revision = detail.revision;
      if (isNew && detail.changed.length === 0) this.asked = "";
    });
    desk.caption.input.addEventListener("input", () => this.changed());
    // Back where the server can be reached: what was missed is asked for.
    window.addEventListener("tagger:server-answers", () => {
      if (this.isStale) this.changed();
    });
  }

  /** The words as the page shows them, also those that nobody saved yet. */
  words() {
    const { desk } = this;
    const tags = desk.shown(desk.image).tags.map((tag) => tag.name);
    return { tags, caption: desk.caption.input.value };
  }

  changed() {
    const { image } = this.desk;
    const asked = JSON.stringify([image, this.words()]);
    const isOther = image !== this.image;
    if (asked === this.asked && !this.isStale) return;
    this.image = image;
    this.asked = asked;
    if (isOther) this.show(this.known.get(image) ?? null);
    this.root.classList.add("reading--waiting");
    clearTimeout(this.timer);
    // A picture one has come to is waited for; while one writes, the pause is.
    this.timer = setTimeout(() => this.ask(image, asked), isOther ? SOON : PAUSE);
  }

  async ask(image, asked) {
    // First of all: its own failure is an answer of the server, too.
    this.isStale = false;
    try {
      const answer = await postJson(this.address, this.words());
      // The last one asked for wins, whichever comes last.
      if (asked !== this.asked) return;
      this.remember(image, answer);
      this.show(answer);
    } catch (error) {
      if (asked !== this.asked) return;
      this.isStale = true;
      this.fail(error, this.known.get(image));
    }
  }

  remember(image, answer) {
    this.known.delete(image);
    this.known.set(image, answer);
    if (this.known.size > MOST_KNOWN) this.known.delete(this.known.keys().next().value);
  }

  show(answer) {
    this.root.classList.remove("reading--waiting");
    this.note.hidden = true;
    this.answer = answer;
    this.copyButton.disabled = !answer?.text;
    this.text.classList.toggle("reading__text--none", answer !== null && answer.text === "");
    fill(this.text, el("bdi", { text: answer === null ? "" : answer.text || gettext("Nothing: no text file is written for this picture.") }));
    fill(this.counts, Object.keys(READERS).map((reader) => answer?.[reader] && this.count(reader, answer[reader])));
  }

  count(reader, { count, limit }) {
    const { name, what } = READERS[reader];
    const isOver = count > limit;
    const title = interpolate(what(), { count: formatNumber(count), limit: formatNumber(limit) });
    const values = { name, count: formatNumber(count), limit: formatNumber(limit), over: formatNumber(count - limit) };
    const words = isOver ? gettext("%(name)s %(over)s over %(limit)s") : gettext("%(name)s %(count)s / %(limit)s");
    return el(
      "span",
      { class: isOver ? "token-count token-count--over" : "token-count", title, data: { reader } },
      isOver && icon("triangle-alert"),
      interpolate(words, values),
      el("span", { class: "visually-hidden", text: `. ${title}` }),
    );
  }

  fail(error, last) {
    this.root.classList.remove("reading--waiting");
    this.note.hidden = false;
    const isOffline = error.status === 0;
    if (last) this.note.textContent = gettext("The server does not answer: this is the text as last known.");
    else this.note.textContent = isOffline ? gettext("The server does not answer: the text is shown when it does.") : error.detail;
  }

  async copy() {
    const text = this.answer?.text;
    if (!text) return;
    const isDone = (await navigator.clipboard?.writeText(text).then(() => true, () => false)) ?? false;
    if (isDone) {
      toast(gettext("The text is copied."), { seconds: 4 });
      return;
    }
    // The page may not write there: the text is selected, one press copies it.
    document.getSelection().selectAllChildren(this.text);
    toast(gettext("The text is selected: press Ctrl C to copy it."), { seconds: 6 });
  }
}
