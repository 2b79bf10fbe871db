// Where only a person knows what is meant: a new tag that looks like a slip, and removing a tag that follows from others.
// The loop goes on meanwhile: a slip is shown as it was typed, and kept as typed when its picture is left.

import { el } from "../lib/dom.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { toast } from "../lib/toast.js";
import { QuestionPanel } from "../tagging/question_panel.js";

const KEYS = ["Alt+Enter", "Alt+Shift+Enter", "Alt+Shift+KeyK"];

export class TagQuestions {
  constructor(desk) {
    this.desk = desk;
    // The tag that is to be removed: {image, name, impliers}.
    this.removing = null;
    this.panel = new QuestionPanel({
      root: document,
      onAnswer: (id) => this.answer(id),
      keyOf: (number) => (this.isAnswerable(number) ? (desk.registry?.get(`answer${number + 1}`)?.keys[0] ?? null) : null),
    });
    desk.questions = this;
    desk.saver.addEventListener("asked", ({ detail }) => this.asked(detail));
    desk.addEventListener("rendered", () => this.render());
    desk.addEventListener("shown", () => this.render());
  }

  actions() {
    const group = gettext("In the tag box");
    const words = [
      gettext("First answer to a question about a tag"),
      gettext("Second answer to a question about a tag"),
      gettext("Keep all tags that are asked about as they are"),
    ];
    return words.map((label, index) => ({
      id: `answer${index + 1}`,
      group,
      label,
      keys: [KEYS[index]],
      mode: "question",
      only: () => this.panel.isOpen && this.isAnswerable(index),
      can: () => this.panel.isOpen && this.isAnswerable(index),
      run: () => this.answer(this.panel.question?.answers[index]?.id),
    }));
  }

  /** Whether the answer of this number has a key: the third of a removal is Escape's. */
  isAnswerable(number) {
    return number < 2 || (this.removing === null && this.waiting.length > 1);
  }

  // --- Removing what follows from others ----------------------------------------------------------

  /** Remove a tag; returns `false` where it follows from others, and a person has to say what is meant. */
  remove(image, name) {
    const { tags } = this.desk.shown(image);
    const there = new Set(tags.map((tag) => tag.name));
    const impliers = (tags.find((tag) => tag.name === name)?.implied_by ?? []).filter((other) => there.has(other));
    if (impliers.length === 0) {
      this.desk.editing.remove(image, name);
      return true;
    }
    this.ask(image, name, impliers);
    return false;
  }

  ask(image, name, impliers) {
    this.removing = { image, name, impliers };
    this.render();
    this.panel.focus();
  }

  // --- Slips --------------------------------------------------------------------------------------

  asked({ image, entry }) {
    this.render();
    if (image === this.desk.image) this.desk.announce(entry.asked.detail);
  }

  /** The tag that waits on the picture that is shown; those of others are kept as they were typed. */
  get doubted() {
    const { desk } = this;
    const elsewhere = desk.saver.asked.filter((entry) => entry.image !== desk.image);
    for (const image of new Set(elsewhere.map((entry) => entry.image))) {
      const entries = elsewhere.filter((entry) => entry.image === image);
      if (entries.length === 1) this.keepElsewhere(entries[0]);
      else this.keepManyElsewhere(image, entries);
    }
    return this.waiting[0] ?? null;
  }

  /** What waits on the picture that is shown, in order. */
  get waiting() {
    return this.desk.saver.asked.filter((entry) => entry.image === this.desk.image);
  }

  keepManyElsewhere(image, entries) {
    const { desk } = this;
    for (const entry of entries) desk.saver.keepAsked(entry);
    const names = entries.map((entry) => entry.operation.tag).join(", ");
    const words = ngettext("%(count)s tag was kept as it is: %(names)s.", "%(count)s tags were kept as they are: %(names)s.", entries.length);
    toast(desk.named(image, interpolate(words, { count: entries.length, names })));
  }

  keepElsewhere(entry) {
    const { desk } = this;
    const { image } = entry;
    const { meant } = entry.asked;
    const { tag } = entry.operation;
    desk.saver.keepAsked(entry);
    const text = interpolate(gettext("“%(tag)s” was kept as you typed it."), { tag });
    const label = interpolate(gettext("Use “%(meant)s”"), { meant });
    const run = () => desk.desks.known(image) && desk.editing.replace(image, tag, meant);
    toast(desk.named(image, text), { action: { label, run } });
  }

  // --- Both ---------------------------------------------------------------------------------------

  get question() {
    const { removing } = this;
    if (removing) return removalQuestion(removing);
    const { doubted } = this;
    return doubted && slipQuestion(doubted, this.waiting.length);
  }

  render() {
    if (this.removing && !this.isStillThere()) this.removing = null;
    const hadFocus = this.panel.hasFocus;
    this.panel.render(this.question);
    if (hadFocus && !this.panel.isOpen) this.desk.toTagBox();
    else if (hadFocus && !this.panel.hasFocus) this.panel.focus();
  }

  isStillThere() {
    const { image, name } = this.removing;
    return image === this.desk.image && this.desk.shown(image).tags.some((tag) => tag.name === name);
  }

  answer(id) {
    if (id === undefined) return;
    const hadFocus = this.panel.hasFocus;
    if (this.removing) this.answerRemoval(id);
    else this.answerSlip(id);
    this.render();
    if (hadFocus && this.panel.isOpen) this.panel.focus();
    else if (hadFocus || id !== "cancel") this.desk.toTagBox();
  }

  answerRemoval(id) {
    const { image, name, impliers } = this.removing;
    this.removing = null;
    const { editing } = this.desk;
    if (id === "all") editing.do(image, [...impliers, name].map((tag) => ({ kind: "remove", tag })));
    if (id === "alone") editing.remove(image, name, { keep_impliers: true });
  }

  answerSlip(id) {
    const [entry] = this.waiting;
    if (!entry || id === "cancel") return;
    if (id === "keepAll") {
      this.keepAll();
      return;
    }
    const { meant } = entry.asked;
    const { tag } = entry.operation;
    if (id === "use") {
      this.desk.editing.instead(entry, meant);
    } else {
      this.desk.saver.keepAsked(entry);
    }
    const words = id === "use" ? gettext("%(name)s added") : gettext("%(name)s kept");
    this.desk.announce(interpolate(words, { name: id === "use" ? meant : tag }));
  }

  keepAll() {
    const entries = this.waiting;
    for (const entry of entries) this.desk.saver.keepAsked(entry);
    const words = ngettext("%(count)s tag kept", "%(count)s tags kept", entries.length);
    this.desk.announce(interpolate(words, { count: entries.length }));
  }

  focus() {
    this.panel.focus();
  }
}

function removalQuestion({ image, name, impliers }) {
  const names = impliers.join(", ");
  return {
    id: `remove ${image} ${name} ${names}`,
    text: interpolate(gettext("“%(name)s” follows from “%(names)s”. What shall go?"), { name, names }),
    answers: [
      { id: "all", words: impliers.length === 1 ? gettext("Both") : gettext("All of them") },
      { id: "alone", words: sentence(gettext("Only %(name)s"), name) },
      { id: "cancel", words: gettext("Neither") },
    ],
  };
}

/** About the first of those that wait; where there are more, all can be kept at once. */
function slipQuestion({ key, operation: { tag }, asked: { meant } }, count) {
  const answers = [
    { id: "use", words: sentence(gettext("Use %(name)s"), meant) },
    { id: "keep", words: sentence(gettext("Keep %(name)s"), tag) },
  ];
  if (count > 1) answers.push({ id: "keepAll", words: interpolate(gettext("Keep all %(count)s as they are"), { count }) });
  const words =
    count > 1
      ? gettext("“%(tag)s” is new. Did you mean “%(meant)s”? %(more)s more to ask.")
      : gettext("“%(tag)s” is new. Did you mean “%(meant)s”?");
  return { id: `slip ${key} ${count}`, text: interpolate(words, { tag, meant, more: count - 1 }), answers };
}

/** A sentence with a name in it that may be in any script. */
function sentence(words, name) {
  const [before, after] = words.split("%(name)s");
  return [before, el("bdi", { text: name }), after];
}
