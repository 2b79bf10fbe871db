// What others do, as it happens: their edits by the revision of the dataset, so that a page which was away gets exactly
// what it missed. An older state never takes the place of a newer one, and nothing here touches what is being typed.

import { $, throttle } from "../lib/dom.js";
import { getJson } from "../lib/http.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { DESK_CHANGED } from "../live/messages.js";
import { openSocket } from "../live/socket.js";
import { PageTab } from "./page_tab.js";

const SAY_EVERY = 5000;

export class Live extends EventTarget {
  constructor(desk, { dataset, urls }) {
    super();
    Object.assign(this, { desk, dataset, api: urls.api });
    this.tab = new PageTab();
    this.revision = dataset.revision;
    // Words that came while edits of ours were on their way to the same picture: the answer to those is as new.
    this.held = new Map();
    this.news = { added: new Set(), removed: new Set() };
    this.socket = openSocket(() => `/ws/datasets/${dataset.id}/desk/?tab=${this.tab.name}&since=${this.revision}`, {
      answers: true,
      onMessage: (message) => this.received(message),
      onState: (state) => this.stateChanged(state),
      poll: () => this.ask(),
    });
    desk.saver.addEventListener("status", () => this.release());
    desk.addEventListener("shown", () => this.forgetNews());
  }

  stateChanged(state) {
    if (state === "open") {
      this.desk.saver.retryNow();
      this.desk.freshness.catchUp();
    }
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  /** Somebody else has the name of this page: the socket opens again under a new one. */
  renewTab() {
    this.tab.renew();
    this.socket.reopen();
  }

  received({ type, data }) {
    if (type === DESK_CHANGED) this.changed(data);
    else this.dispatchEvent(new CustomEvent(type, { detail: data }));
  }

  /** Where sockets are blocked. */
  async ask() {
    const changes = await getJson(`${this.api}datasets/${this.dataset.id}/changes?since=${this.revision}`);
    if (changes.revision !== this.revision) this.changed(changes);
    this.desk.freshness.catchUp();
    this.dispatchEvent(new Event("asked"));
  }

  changed(data) {
    const { desk } = this;
    const { image } = desk;
    const before = this.namesOf(image);
    // A restored database counts from an earlier number: then all is asked for again, and the number is taken.
    if (data.is_complete && data.revision < this.revision) return;
    this.revision = data.revision;
    for (const change of data.changed) this.take(change, data.states[change.id]);
    if (!data.is_complete) desk.desks.forgetOthers(image);
    desk.heard(data);
    if (this.isAsked(data)) {
      desk.desks.forgetAnswer(image);
      desk.freshness.askAgain();
    }
    this.mark(image, before);
  }

  take({ id, is_gone: isGone }, state) {
    const { desks, image, outbox } = this.desk;
    if (isGone) desks.leaveOut(id);
    else if (state && outbox.operationsOf(id).length > 0) this.held.set(id, state);
    else if (state) desks.takeState(id, state);
    // Known without its new words: it is asked for when one goes there.
    else if (id !== image) desks.forgetDesk(id);
  }

  /** Whether what is shown has to be asked for: its words did not come along, or its ways on may be others now. */
  isAsked({ changed, states, images, is_complete: isComplete }) {
    const { image, desks } = this.desk;
    const hasMoved = this.images !== undefined && images !== this.images;
    this.images = images;
    if (!isComplete || hasMoved) return true;
    const untagged = desks.known(image)?.next_untagged_id;
    return changed.some(({ id, is_gone: isGone }) => (id === image && (isGone || !states[id])) || id === untagged);
  }

  /** Edits of ours were answered: what waited behind them counts where it is newer than the answer. */
  release() {
    const { desk } = this;
    for (const [id, state] of this.held) {
      if (desk.outbox.operationsOf(id).length > 0) continue;
      this.held.delete(id);
      const before = this.namesOf(id);
      desk.desks.takeState(id, state);
      if (id !== desk.image) continue;
      desk.render();
      this.mark(id, before);
    }
  }

  namesOf(image) {
    const { desk } = this;
    return desk.desks.known(image) ? desk.shown(image).tags.map((tag) => tag.name) : [];
  }

  /** Set off what others added to the picture that is shown, and say what changed. */
  mark(image, before) {
    if (image !== this.desk.image) return;
    const after = this.namesOf(image);
    const added = after.filter((name) => !before.includes(name));
    const removed = before.filter((name) => !after.includes(name));
    for (const name of added) this.desk.chips.mark(name);
    for (const name of added) this.news.added.add(name);
    for (const name of removed) this.news.removed.add(name);
    if (added.length + removed.length > 0) this.say();
  }

  forgetNews() {
    this.news = { added: new Set(), removed: new Set() };
  }

  say = throttle(() => {
    const { added, removed } = this.news;
    const parts = [];
    if (added.size > 0) parts.push(interpolate(gettext("Added by somebody else: %(names)s."), { names: [...added].join(", ") }));
    if (removed.size > 0) parts.push(interpolate(gettext("Removed by somebody else: %(names)s."), { names: [...removed].join(", ") }));
    $("[data-live=people]").textContent = parts.join(" ");
    this.forgetNews();
  }, SAY_EVERY);
}
