// A question about a tag, with its answers as buttons: small, at the end of the panel, so that nothing moves for it.

import { $, el, fill } from "../lib/dom.js";
import { keyText } from "./chords.js";

export class QuestionPanel {
  /** `onAnswer(id)` is told which answer was chosen; `keyOf(number)` is the key of the first, second or third. */
  constructor({ root, onAnswer, keyOf }) {
    this.panel = $("[data-tag-question]", root);
    this.text = $("[data-tag-question-text]", this.panel);
    this.answers = $("[data-tag-question-answers]", this.panel);
    this.keyOf = keyOf;
    // A press must not take the focus out of the tag box.
    this.panel.addEventListener("mousedown", (event) => event.preventDefault());
    this.answers.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) onAnswer(button.dataset.answer);
    });
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      onAnswer("cancel");
    });
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  get hasFocus() {
    return this.isOpen && this.panel.contains(document.activeElement);
  }

  /** `question` is `{id, text, answers: [{id, words}]}`, or `null` for none. */
  render(question) {
    if (question?.id === this.shown) return;
    this.shown = question?.id;
    this.question = question;
    this.panel.hidden = question === null;
    if (question === null) return;
    this.text.textContent = question.text;
    fill(this.answers, question.answers.map((answer, index) => this.button(answer, index)));
  }

  button({ id, words }, index) {
    const key = this.keyOf(index);
    const facts = { class: index === 0 ? "button button--primary" : "button", type: "button", data: { answer: id } };
    return el("button", facts, el("span", { class: "truncate" }, words), key && el("kbd", { class: "only-keyboard", text: keyText(key), "aria-hidden": "true" }));
  }

  focus() {
    this.panel.scrollIntoView({ block: "nearest" });
    $("button", this.answers)?.focus();
  }
}
