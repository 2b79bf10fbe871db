// How far a picture is in the eyes of its reviewers, and the next step.

import { $, el, fill, icon } from "../lib/dom.js";
import { getJson, postJson } from "../lib/http.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { toast } from "../lib/toast.js";
import { makeKey } from "../lib/uuid.js";
import { STATES, decisionsOf, shownState } from "./review_states.js";

const SETTLE = 3000;

export class Review {
  constructor(desk) {
    this.desk = desk;
    this.root = $("[data-review]");
    this.root.hidden = false;
    this.badge = $("[data-review-state]", this.root);
    this.reason = $("[data-review-reason]", this.root);
    this.away = $("[data-review-offline]", this.root);
    this.form = $("[data-review-form]", this.root);
    this.input = $("textarea", this.form);
    this.history = $("[data-review-history]", this.root);
    // What was half written stays with the picture it was written for.
    this.drafts = new Map();
    this.listen();
  }

  listen() {
    this.desk.addEventListener("shown", ({ detail }) => this.turned(detail));
    this.desk.addEventListener("rendered", ({ detail }) => this.render(detail));
    this.desk.saver.addEventListener("status", () => this.renderWay());
    this.form.addEventListener("submit", (event) => this.sent(event));
    $("[data-review-cancel]", this.form).addEventListener("click", () => this.leaveForm());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.history.addEventListener("toggle", () => this.renderHistory());
  }

  actions() {
    const group = gettext("Review");
    const may = (state) => () => decisionsOf(this.state, this.desk.may).includes(state);
    return [
      { id: "readyAndOn", group, label: gettext("Ready, and on to the next picture"), keys: ["Shift+Enter"], when: "emptyBox", run: () => this.readyAndOn() },
      { id: "markReady", group, label: gettext("Ready"), keys: ["Alt+KeyY"], only: may("READY"), can: may("READY"), run: () => this.decide("READY") },
      { id: "approve", group, label: gettext("Approve"), keys: ["Alt+KeyA"], only: may("APPROVED"), can: may("APPROVED"), run: () => this.decide("APPROVED") },
      { id: "requestChanges", group, label: gettext("Request changes"), keys: ["Alt+KeyR"], only: may("CHANGES_REQUESTED"), can: may("CHANGES_REQUESTED"), run: () => this.openForm() },
      { id: "notReady", group, label: gettext("Not ready yet"), keys: ["Alt+Shift+KeyY"], only: may("IN_PROGRESS"), can: may("IN_PROGRESS"), run: () => this.decide("IN_PROGRESS") },
    ];
  }

  get state() {
    return shownState(this.desk.shown(this.desk.image));
  }

  /** Another picture is shown. */
  turned({ desk: { image }, previous }) {
    if (image.id === previous) return;
    if (previous !== null && this.isWriting) this.drafts.set(previous, this.input.value);
    else this.drafts.delete(previous);
    this.input.value = this.drafts.get(image.id) ?? "";
    this.form.hidden = !this.isWriting;
    fill($("ol", this.history));
  }

  get isWriting() {
    return this.input.value.trim() !== "";
  }

  render({ image, state }) {
    const now = shownState(state);
    const { label, kind } = STATES[now];
    if (this.badge.dataset.state !== now) {
      this.badge.dataset.state = now;
      this.badge.className = `badge review__state ${kind && `badge--${kind}`}`;
      fill(this.badge, icon(`review-${now}`), label);
    }
    const { review_reason: reason = "" } = state;
    this.reason.hidden = reason === "" || now === "UNTAGGED";
    this.reason.classList.toggle("review__reason--asked", now === "CHANGES_REQUESTED");
    fill(this.reason, el("bdi", { text: reason }));
    const next = decisionsOf(now, this.desk.may);
    for (const step of this.root.querySelectorAll("[data-review-step]")) step.hidden = !next.includes(step.dataset.reviewStep);
    // What others do takes away no words that are being written.
    if (!next.includes("CHANGES_REQUESTED") && !this.isWriting) this.closeForm();
    const told = `${image}:${state.revision}`;
    if (this.history.open && this.told !== told) this.renderHistory();
    this.told = told;
  }

  /** Edits wait in the page; a review does not. */
  renderWay() {
    const isAway = this.desk.saver.status.state === "offline";
    this.away.hidden = !isAway;
    for (const button of this.root.querySelectorAll("[data-review-step] button")) {
      if (isAway) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
    }
  }

  /** In line with what was typed: it is ready with the tag that still waits for its suggestion. */
  readyAndOn() {
    this.desk.box.inLine(() => {
      // Not waited for: a picture that is slow to come holds up no tag.
      this.desk.navigator.inTurn(() => this.readyStep());
    });
  }

  readyStep() {
    this.desk.caption.flush();
    if (this.desk.gone.has(this.desk.image)) return;
    if (decisionsOf(this.state, this.desk.may).includes("READY")) this.decide("READY");
    else if (this.state === "UNTAGGED") {
      toast(gettext("A picture without words is not ready yet. Give it a tag or a caption first."), { seconds: 6 });
      return;
    }
    return this.desk.navigator.stepOn();
  }

  /** Take the picture that is shown a step on; whoever goes on meanwhile hears of trouble only. */
  async decide(state, reason = "") {
    const { image } = this.desk;
    const key = makeKey();
    this.desk.caption.flush();
    // What was typed just now counts: without words nothing is ready, and an edit takes an approval back.
    await this.desk.saver.settled(SETTLE);
    try {
      const answer = await postJson(`${this.desk.urls.api}images/${image}/review`, { state, reason, key });
      this.desk.desks.takeState(image, answer);
      if (image === this.desk.image) this.desk.render();
      if (image === this.desk.image) this.desk.announce(interpolate(gettext("Review: %(state)s"), { state: STATES[state].label }));
      return true;
    } catch (error) {
      const detail = error.status === 0 ? gettext("A review needs the server, and it does not answer. Try again in a moment.") : error.detail;
      toast(this.desk.named(image, detail), { kind: "danger", isConnection: error.status === 0 });
      if (error.status === 409) this.desk.freshness.askAgain();
      return false;
    }
  }

  // --- What should change ------------------------------------------------------------------------

  openForm() {
    this.form.hidden = false;
    this.input.focus();
  }

  closeForm() {
    this.form.hidden = true;
    this.input.value = "";
  }

  leaveForm() {
    this.closeForm();
    this.desk.toTagBox();
  }

  pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      this.leaveForm();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.form.requestSubmit();
    }
  }

  async sent(event) {
    event.preventDefault();
    const reason = this.input.value.trim();
    if (reason === "") {
      this.input.focus();
      return;
    }
    const { image } = this.desk;
    // What was written stays in its field until the server has it.
    if (!(await this.decide("CHANGES_REQUESTED", reason))) return;
    this.drafts.delete(image);
    if (image === this.desk.image) this.leaveForm();
  }

  // --- The steps so far ---------------------------------------------------------------------------

  async renderHistory() {
    if (!this.history.open) return;
    const list = $("ol", this.history);
    const { image } = this.desk;
    const steps = await getJson(`${this.desk.urls.api}images/${image}/reviews`).catch((error) => error.detail);
    if (image !== this.desk.image) return;
    if (typeof steps === "string") fill(list, el("li", { class: "quiet", text: steps }));
    else if (steps.length === 0) fill(list, el("li", { class: "quiet", text: gettext("Nobody has reviewed this picture yet.") }));
    else fill(list, steps.map((step) => this.step(step)));
  }

  step({ state, reason, by, at }) {
    const time = new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    return el(
      "li",
      { class: "review__step" },
      el("span", { class: "review__step-state" }, icon(`review-${state}`), STATES[state].label),
      el("span", { class: "quiet" }, by && [el("bdi", { text: by }), " · "], el("time", { datetime: at, text: time })),
      reason && el("bdi", { class: "review__step-reason", text: reason }),
    );
  }
}
