// One tag, picture after picture: yes, no or skip with one key each. Answers are edits like all others: the outbox
// carries them, and nobody waits for the server between two pictures.

import { $, $$, el, fill } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { canonical, chordOf, keyText } from "../tagging/chords.js";
import { folded, tidy } from "../tagging/names.js";
import { AskedBefore } from "./asked_before.js";
import { AskingList } from "./asking_list.js";

const KEYS = {
  askYes: ["KeyY", "Enter", "ArrowRight"],
  askNo: ["KeyN", "ArrowLeft"],
  askSkip: ["Space"],
  askBack: ["Backspace"],
};
// With the focus on a button these press it.
const PRESSES = new Set(["Enter", "Space"]);
const AGAIN = 3000;

export class Asking {
  constructor(desk, page) {
    Object.assign(this, { desk, datasetId: page.dataset.id });
    this.address = `${page.urls.api}datasets/${page.dataset.id}/asking`;
    this.root = $("[data-asking]");
    const names = ["progress", "tally", "state", "bar", "choose", "names", "picks", "stage", "frame", "trouble", "summary", "title", "counts", "kept", "again", "question-bar", "question", "name", "also", "live"];
    this.parts = Object.fromEntries(names.map((name) => [name, $(`[data-asking-${name}]`, this.root)]));
    this.round = [];
    this.listen();
  }

  listen() {
    const { root, parts, desk } = this;
    root.addEventListener("keydown", (event) => this.pressed(event));
    root.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.end();
    });
    root.addEventListener("close", () => this.closed());
    root.addEventListener("click", (event) => this.clicked(event));
    parts.choose.addEventListener("submit", (event) => {
      event.preventDefault();
      const tag = tidy(event.target.elements.tag.value);
      if (tag) this.begin(tag);
    });
    parts.choose.addEventListener("input", (event) => this.suggest(event.target.value));
    parts.also.addEventListener("change", () => this.restart());
    desk.saver.addEventListener("status", () => this.renderState());
  }

  actions() {
    const group = gettext("One question, picture by picture");
    const inMode = { group, mode: "asking", only: () => false, can: () => this.current !== null && this.root.open };
    return [
      { id: "ask", group, label: gettext("Ask about one tag: yes, no, skip"), keys: ["Alt+KeyQ"], run: () => this.open() },
      // Heard by the dialog itself, which is all there is while it asks.
      { ...inMode, id: "askYes", label: gettext("Yes, it is in the picture"), keys: KEYS.askYes, run: () => this.answer("yes") },
      { ...inMode, id: "askNo", label: gettext("No, it is not"), keys: KEYS.askNo, run: () => this.answer("no") },
      { ...inMode, id: "askSkip", label: gettext("Skip this picture"), keys: KEYS.askSkip, run: () => this.answer("skip") },
      { ...inMode, id: "askBack", label: gettext("Back, and take the last answer back"), keys: KEYS.askBack, run: () => this.back() },
    ];
  }

  // --- Keys and buttons ----------------------------------------------------------------------------

  pressed(event) {
    if (event.isComposing || this.root.dataset.view !== "ask") return;
    const chord = chordOf(event);
    if (chord === null || event.target.matches("input:not([type=checkbox])")) return;
    const isPress = event.target.closest("button, input") !== null && PRESSES.has(chord);
    const id = Object.keys(KEYS).find((action) => this.keysOf(action).map(canonical).includes(canonical(chord)));
    // A held key answers one picture, also on a focused button.
    if (event.repeat && (isPress || id)) event.preventDefault();
    // While the next picture is on its way one may still go back.
    const isTooEarly = this.current === null && id !== "askBack";
    if (isTooEarly || event.repeat || isPress || !id) return;
    event.preventDefault();
    event.stopPropagation();
    if (id === "askBack") this.back();
    else this.answer({ askYes: "yes", askNo: "no", askSkip: "skip" }[id]);
  }

  /** As the person wants them, where the page knows. */
  keysOf(id) {
    return this.desk.registry?.get(id)?.keys ?? KEYS[id];
  }

  writeKeys() {
    for (const place of $$("[data-key-of]", this.root)) {
      const [chord] = this.keysOf(place.dataset.keyOf);
      place.hidden = chord === undefined;
      place.textContent = chord === undefined ? "" : keyText(chord);
    }
  }

  clicked(event) {
    const { answer } = event.target.closest("[data-answer]")?.dataset ?? {};
    const { pick } = event.target.closest("[data-pick]")?.dataset ?? {};
    if (pick) this.begin(pick);
    if (["yes", "no", "skip"].includes(answer)) this.answer(answer);
    if (answer === "back") this.back();
    if (answer === "end") this.end();
    if (answer === "close") this.root.close();
    if (answer === "undoAll") this.undoAll();
    if (answer === "another") this.choose();
    if (answer === "again") this.askAgain();
    // A pointer leaves the keys where they were; who walks by Tab keeps the focus.
    if (event.detail > 0 && this.current !== null) this.parts.stage.focus({ preventScroll: true });
  }

  // --- Beginning and ending ------------------------------------------------------------------------

  /** Ask about the selected tag; without one it is chosen first. */
  open() {
    const { desk } = this;
    const tag = desk.chips.focused;
    desk.caption.flush();
    this.writeKeys();
    if (!this.root.open) this.root.showModal();
    if (tag === null) this.choose();
    else this.begin(tag);
  }

  view(name) {
    const { parts } = this;
    this.root.dataset.view = name;
    parts.choose.hidden = name !== "choose";
    parts.stage.hidden = parts["question-bar"].hidden = name !== "ask";
    parts.summary.hidden = name !== "summary";
    this.renderState();
  }

  choose() {
    this.current = this.turn = null;
    this.round = [];
    this.view("choose");
    this.renderTallies();
    const field = this.parts.choose.elements.tag;
    field.value = "";
    const names = [...document.querySelectorAll("[data-quick-tags] bdi, [data-recent-list] bdi")].map((name) => name.textContent);
    fill(this.parts.picks, [...new Set(names)].slice(0, 12).map((name) => el("button", { class: "button", type: "button", data: { pick: name } }, el("bdi", { text: name }))));
    fill(this.parts.question, gettext("Ask one question, picture by picture"));
    field.focus();
  }

  async suggest(text) {
    const found = text.trim() ? await this.desk.vocabulary.find(text.trim()).catch(() => []) : [];
    fill(this.parts.names, found.slice(0, 12).map(({ name }) => el("option", { value: name })));
  }

  begin(tag) {
    this.tag = this.desk.vocabulary.spelling(tag);
    this.before = new AskedBefore(this.datasetId, this.tag);
    this.round = [];
    this.parts.also.checked = false;
    const [start, end] = gettext("Is “%(name)s” in this picture?").split("%(name)s");
    fill(this.parts.question, start, el("bdi", { text: this.tag }), end);
    this.restart();
  }

  async restart() {
    const answered = () => new Set(this.round.map(({ id }) => id));
    const skip = answered();
    this.list = new AskingList({
      address: this.address,
      tag: this.tag,
      withTagged: this.parts.also.checked,
      desks: this.desk.desks,
      isDone: (id) => skip.has(id) || this.before.has(id),
    });
    this.view("ask");
    this.parts.stage.focus({ preventScroll: true });
    await this.advance();
  }

  end() {
    if (this.root.dataset.view === "ask") this.summarise();
    else this.root.close();
  }

  closed() {
    this.current = this.turn = null;
    clearTimeout(this.timer);
    this.before?.keep();
    this.desk.render();
    this.desk.toTagBox();
  }

  // --- One picture after the other -----------------------------------------------------------------

  async advance() {
    const { list } = this;
    // Whoever goes back, or ends, does not wait for what is on its way.
    const turn = (this.turn = Symbol("turn"));
    this.current = null;
    clearTimeout(this.timer);
    try {
      const next = await list.next();
      if (list !== this.list || !this.root.open) return;
      if (turn !== this.turn) {
        if (next !== null) list.putBack(next.image.id);
        return;
      }
      if (next === null) this.summarise();
      else this.show(next);
    } catch (error) {
      if (list !== this.list || turn !== this.turn || !this.root.open) return;
      this.parts.trouble.textContent = interpolate(gettext("%(why)s It is tried again in a moment."), { why: error.detail ?? "" });
      this.parts.trouble.hidden = false;
      this.timer = setTimeout(() => this.advance(), AGAIN);
    }
  }

  show(desk) {
    const { id, name, width, height, colour } = desk.image;
    const { parts } = this;
    this.current = id;
    this.list.drop(id);
    const { style } = parts.frame;
    style.setProperty("--width", width);
    style.setProperty("--height", height);
    style.setProperty("--colour", colour);
    const picture = this.list.picture(desk);
    picture.onerror = () => this.unseen(id);
    parts.trouble.hidden = true;
    fill(parts.frame, picture);
    this.root.dataset.image = id;
    fill(parts.name, el("bdi", { text: name }), this.has(id) && ` · ${gettext("has the tag")}`);
    this.renderTallies();
    parts.live.textContent = `${parts.progress.textContent}. ${parts.question.textContent} ${name}`;
    this.list.prefetch();
  }

  unseen(id) {
    if (id !== this.current) return;
    this.parts.trouble.textContent = gettext("The picture could not be loaded. Skip it, or go on.");
    this.parts.trouble.hidden = false;
  }

  has(id) {
    const wanted = folded(this.tag);
    return this.desk.shown(id).tags.some((tag) => tag.name === this.tag || folded(tag.name) === wanted);
  }

  answer(answer) {
    // A key that was pressed before the picture was there is no answer to it.
    if (this.current === null || this.root.dataset.view !== "ask") return;
    const { editing } = this.desk;
    const id = this.current;
    const isThere = this.has(id);
    let steps = 0;
    if (answer === "yes" && !isThere) steps = editing.add(id, [this.tag]);
    // "No" says that this tag is not right, whatever others say.
    if (answer === "no" && isThere) steps = editing.remove(id, this.tag, { keep_impliers: true });
    // Each answer is an action of its own; its number takes it back.
    const action = steps > 0 ? editing.history.done.at(-1).id : null;
    this.round.push({ id, answer, action });
    if (answer === "yes") this.before.delete(id);
    else this.before.add(id);
    this.advance();
  }

  async back() {
    const last = this.round.at(-1);
    if (!last || this.root.dataset.view !== "ask") return;
    this.turn = null;
    clearTimeout(this.timer);
    const desk = this.desk.desks.known(last.id);
    this.round.pop();
    this.takeBack(last);
    if (this.current !== null) this.list.putBack(this.current);
    this.show(desk);
    const words = { yes: gettext("Yes taken back."), no: gettext("No taken back."), skip: gettext("Shown again.") };
    this.parts.live.textContent = `${words[last.answer]} ${this.parts.progress.textContent}`;
  }

  takeBack({ id, action }) {
    this.before.delete(id);
    if (action !== null) this.desk.editing.undoAction(action);
  }

  // --- How far, and the end ------------------------------------------------------------------------

  count(answer) {
    return this.round.filter((one) => one.answer === answer).length;
  }

  get total() {
    const known = this.round.length + this.list.waiting.length + Number(this.current !== null);
    if (this.list.isWhole) return known;
    return Math.max(known, this.list.total - this.before.size + this.round.length - this.count("yes"));
  }

  renderTallies() {
    const { parts } = this;
    const isAsking = this.root.dataset.view === "ask";
    parts.progress.textContent = "";
    parts.tally.textContent = "";
    parts.bar.hidden = !isAsking;
    if (!isAsking) return;
    const values = { number: formatNumber(this.round.length + 1), total: formatNumber(this.total) };
    parts.progress.textContent = interpolate(gettext("%(number)s of %(total)s"), values);
    parts.tally.textContent = this.tallyWords();
    parts.bar.max = Math.max(1, this.total);
    parts.bar.value = this.round.length;
  }

  tallyWords() {
    const values = { yes: this.count("yes"), no: this.count("no"), skip: this.count("skip") };
    return interpolate(gettext("%(yes)s yes · %(no)s no · %(skip)s skipped"), values);
  }

  renderState() {
    // What the desk says of storing is behind this page.
    if (this.root.open) this.parts.state.textContent = $("[data-save-text]").textContent;
  }

  summarise() {
    const { parts } = this;
    this.current = this.turn = null;
    clearTimeout(this.timer);
    this.before.keep();
    this.view("summary");
    this.renderTallies();
    const count = this.round.length;
    const asked = ngettext("%(count)s picture answered", "%(count)s pictures answered", count);
    const none = this.before.size > 0 ? gettext("No other picture to ask about") : gettext("Every picture has this tag");
    const isWhole = this.list.isWhole && this.list.waiting.length === 0;
    parts.title.textContent = count > 0 || !isWhole ? interpolate(asked, { count: formatNumber(count) }) : none;
    parts.counts.textContent = count > 0 ? this.tallyWords() : "";
    this.renderKept();
    $("[data-answer=undoAll]", parts.summary).hidden = !this.round.some(({ action }) => action !== null);
    parts.live.textContent = `${parts.title.textContent}. ${parts.counts.textContent}`;
    parts.summary.focus();
  }

  renderKept() {
    const { size } = this.before;
    const words = ngettext(
      "%(count)s picture was answered with no or skipped. This browser remembers that and does not ask about it again.",
      "%(count)s pictures were answered with no or skipped. This browser remembers that and does not ask about them again.",
      size,
    );
    this.parts.kept.textContent = size > 0 ? interpolate(words, { count: formatNumber(size) }) : "";
    this.parts.again.hidden = size === 0;
  }

  askAgain() {
    this.before.clear();
    this.round = [];
    this.restart();
  }

  undoAll() {
    const taken = this.round.filter(({ action }) => action !== null).length;
    for (const one of [...this.round].reverse()) this.takeBack(one);
    this.round = [];
    this.before.keep();
    const words = ngettext("%(count)s change taken back", "%(count)s changes taken back", taken);
    this.parts.title.textContent = interpolate(words, { count: formatNumber(taken) });
    this.parts.counts.textContent = "";
    this.renderKept();
    $("[data-answer=undoAll]", this.parts.summary).hidden = true;
    this.parts.live.textContent = this.parts.title.textContent;
    $("[data-answer=close]", this.parts.summary).focus();
  }
}
