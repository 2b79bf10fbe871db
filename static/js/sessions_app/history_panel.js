// What was done to the picture on the desk, by whom, when and why; and the way back from it.

import { $, el, fill, rememberFocus } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { getJson } from "../lib/http.js";
import { gettext, interpolate, language, ngettext } from "../lib/i18n.js";
import { keptNotice, undoChange, undoneText } from "../tagging/undoing.js";

const SIGNS = { ADD: "+", REMOVE: "−", MOVE: "↕" };
const SETTLE_WAIT = 1500;
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

export class HistoryPanel {
  constructor(desk, { urls, may, me }) {
    Object.assign(this, { desk, api: urls.api, may, me });
    this.dialog = $("#history");
    this.waiting = new Set();
    this.turn = Promise.resolve();
    this.parts = Object.fromEntries(
      ["text", "redo", "kept", "entries", "empty", "older"].map((name) => [name, $(`[data-history-${name}]`, this.dialog)]),
    );
    $("[data-close]", this.dialog).addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    this.dialog.addEventListener("close", () => this.giveFocusBack(() => desk.toTagBox()));
    this.parts.older.addEventListener("click", () => this.guard(() => this.readOlder()));
    this.parts.redo.addEventListener("click", () => this.undo(this.undone));
  }

  actions() {
    const group = gettext("On this page");
    return [{ id: "history", group, label: gettext("History of this picture"), keys: ["Alt+KeyH"], run: () => this.open() }];
  }

  async open() {
    this.image = this.desk.image;
    this.say("");
    fill(this.parts.kept);
    fill(this.parts.entries);
    fill($("[data-blame]", this.dialog));
    this.giveFocusBack = rememberFocus();
    this.dialog.showModal();
    await this.guard(async () => {
      // What was typed a moment ago belongs to it.
      await this.desk.saver.settled(SETTLE_WAIT);
      await this.read();
    });
  }

  async guard(work) {
    try {
      await work();
    } catch (error) {
      this.say(error.detail ?? String(error));
    }
  }

  say(text, undone = null) {
    this.undone = undone;
    this.parts.text.textContent = text;
    this.parts.redo.hidden = undone === null;
  }

  async read() {
    const { image } = this;
    const [history, blame] = await Promise.all(
      ["history", "blame"].map((what) => getJson(`${this.api}images/${image}/${what}`)),
    );
    if (image !== this.image) return;
    fill($("[data-blame]", this.dialog), blame.tags.map(blameRow));
    $("[data-blame-empty]", this.dialog).hidden = blame.tags.length > 0;
    fill(this.parts.entries);
    this.show(history);
    this.parts.empty.hidden = history.entries.length > 0;
  }

  async readOlder() {
    const { image, parts } = this;
    // Not disabled: that would take the focus away.
    if (parts.older.getAttribute("aria-disabled") === "true") return;
    parts.older.setAttribute("aria-disabled", "true");
    try {
      const history = await getJson(`${this.api}images/${image}/history?before=${this.next}`);
      if (image === this.image) this.show(history);
    } finally {
      parts.older.removeAttribute("aria-disabled");
    }
  }

  show({ entries, next }) {
    this.next = next;
    this.parts.older.hidden = next === null;
    this.parts.entries.append(...entries.map((entry) => entryRow(entry, this.mayUndo(entry) && (() => this.undo(entry.id)))));
  }

  /** One's own work, and everybody's for reviewers: as the server says. */
  mayUndo({ by }) {
    return this.may.review || (this.may.edit && by !== "" && by === this.me);
  }

  /** Take an entry back: a large one on all of its pictures, as the history of the dataset does. One after the other. */
  async undo(id) {
    // The second click of a double one.
    if (this.waiting.has(id)) return;
    this.waiting.add(id);
    this.turn = this.turn.then(() => this.guard(() => this.undoNow(id)));
    await this.turn;
    this.waiting.delete(id);
  }

  async undoNow(id) {
    const undone = await undoChange(this.api, id);
    this.say(undoneText(undone), undone.change);
    fill(this.parts.kept, keptNotice(undone));
    await Promise.all([this.read(), this.refreshDesk()]);
    // The button that was pressed is gone.
    if (!this.dialog.contains(document.activeElement)) (undone.change === null ? $("[data-close]", this.dialog) : this.parts.redo).focus();
  }

  async refreshDesk() {
    const { desk, image } = this;
    const fresh = await desk.desks.refresh(image);
    if (!fresh || image !== desk.image) return;
    desk.bearings.show(fresh);
    desk.render();
  }
}

const whoOf = ({ by, how, source }) => by || (source === "PERSON" ? gettext("Somebody") : how);

const time = (at) => el("time", { class: "quiet numbers", datetime: at, text: moment.format(new Date(at)) });

const howOf = ({ by, how, source }) => (by && source !== "PERSON" ? el("span", { class: "history__how", text: how }) : null);

function blameRow(blame) {
  return el(
    "li",
    { class: "blame__row" },
    el("bdi", { class: "blame__tag", text: blame.tag }),
    el("span", { class: "blame__who" }, el("bdi", { text: whoOf(blame) }), " ", howOf(blame)),
    time(blame.at),
    (blame.is_put_back || blame.reason) &&
      el("span", { class: "quiet small blame__why", text: blame.is_put_back ? gettext("came back with an undo") : blame.reason }),
  );
}

function entryRow(entry, undo) {
  return el(
    "li",
    { class: `history__entry${entry.taken_back ? " history__entry--taken-back" : ""}` },
    el(
      "div",
      { class: "history__words" },
      el(
        "p",
        { class: "history__head" },
        el("span", { class: "history__who" }, el("bdi", { text: whoOf(entry) })),
        howOf(entry),
        time(entry.at),
        entry.undoes && el("span", { class: "history__how", text: gettext("took something back") }),
      ),
      entry.tags.length > 0 && el("ul", { class: "history__tags", role: "list" }, entry.tags.map(tagMark), moreTags(entry)),
      entry.caption && captionLine(entry.caption),
      entry.reason && el("p", { class: "quiet small" }, el("bdi", { text: entry.reason })),
      entry.taken_back && el("p", { class: "history__note small", text: takenBack(entry.taken_back) }),
    ),
    // Also where it was taken back: a part of it may be left, and where nothing is, the answer says so.
    undo && el("button", { class: "button", type: "button", text: gettext("Undo"), "aria-label": undoName(entry), onclick: undo }),
  );
}

function tagMark({ name, kind }) {
  const said = { ADD: gettext("added:"), REMOVE: gettext("removed:"), MOVE: gettext("moved:") }[kind];
  return el(
    "li",
    { class: `history-tag history-tag--${kind.toLowerCase()}` },
    el("span", { "aria-hidden": "true", text: SIGNS[kind] }),
    el("span", { class: "visually-hidden", text: said }),
    " ",
    el("bdi", { class: "history-tag__name", text: name }),
  );
}

function moreTags({ more_tags: more }) {
  if (more === 0) return null;
  return el("li", { class: "quiet small", text: interpolate(ngettext("and %(count)s more", "and %(count)s more", more), { count: formatNumber(more) }) });
}

function captionLine({ before, after }) {
  return el(
    "p",
    { class: "history__caption" },
    before && [el("del", {}, el("bdi", { text: before })), " "],
    after ? el("ins", {}, el("bdi", { text: after })) : el("span", { class: "quiet", text: gettext("taken away") }),
  );
}

function takenBack({ who, when }) {
  const facts = { who, when: moment.format(new Date(when)) };
  return interpolate(who ? gettext("Taken back by %(who)s, %(when)s") : gettext("Taken back, %(when)s"), facts);
}

/** Which of many buttons it is, for those who hear it. */
function undoName({ by, how, at, tags, captions }) {
  const what = [...tags.map((tag) => `${SIGNS[tag.kind]} ${tag.name}`), captions > 0 && gettext("caption")].filter(Boolean);
  const facts = { what: what.join(", "), who: by || how, when: moment.format(new Date(at)) };
  return interpolate(gettext("Undo: %(what)s (%(who)s, %(when)s)"), facts);
}
