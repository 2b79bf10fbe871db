// Edits that the server has not acknowledged, kept across reloads in the browser's database. An entry belongs to the tab
// that made it; what a tab that is gone left behind, another one of the same dataset takes over. An edit sent by two of
// them counts once, because its key is the same.

import { pause } from "../lib/http.js";
import { makeKey } from "../lib/uuid.js";
import { Drafts } from "./drafts.js";
import { openStore } from "./store.js";
import { claimTab } from "./tabs.js";

const LOOK_AGAIN = 20000;
// The browser's database may be slow to open; what is done here is not held up for ever.
const MOST_WAIT = 3000;

const isCaption = (entry) => entry.operation.kind === "caption";

const inOrder = (a, b) => a.at - b.at || a.sequence - b.sequence;

export class Outbox {
  /** `onChange` is told when it is known whether an entry is kept, `onTaken` when some came from before or elsewhere. */
  constructor(datasetId, { open = openStore, claim = claimTab } = {}) {
    Object.assign(this, { datasetId, openStore: open, claimTab: claim });
    this.drafts = new Drafts(datasetId);
    this.entries = [];
    this.stopped = [];
    this.store = null;
    this.tabs = null;
    this.last = { at: 0, sequence: 0 };
    this.forgotten = new Set();
    // Whether the browser refused to keep an edit.
    this.isRefused = false;
    this.onChange = () => {};
    this.onTaken = () => {};
  }

  /** Take in what was waiting; settled when that is known, or takes too long. */
  open() {
    this.ready ??= Promise.race([this.load(), pause(MOST_WAIT)]);
    return this.ready;
  }

  async load() {
    let drafts = [];
    try {
      const claimed = this.claimTab().then((tabs) => (drafts = this.own(tabs)));
      [this.store] = await Promise.all([this.openStore(), claimed]);
      await this.look();
    } catch (error) {
      console.warn("Edits are not kept in this browser:", error);
      this.isRefused = true;
    }
    const old = takeFromOldStore(this.datasetId);
    this.takeIn(old.entries, { isKept: false });
    drafts.forEach((draft) => this.takeUp(draft));
    this.keepAll().then(() => !this.isAtRisk && old.forget());
    this.onChange();
    setInterval(() => this.look().catch(() => {}), LOOK_AGAIN);
    window.addEventListener("focus", () => this.look().catch(() => {}));
  }

  /** This tab has its name; returns what was being typed in it before it was loaded again. */
  own(tabs) {
    this.tabs = tabs;
    const before = this.drafts.of(tabs.id);
    this.drafts.belongTo(tabs.id);
    return before;
  }

  /** Take in this tab's entries, and those of tabs that are gone as soon as they are. */
  async look() {
    if (!this.store) return;
    const all = await this.store.of(this.datasetId);
    this.takeIn(all.filter((entry) => entry.tab === this.tabs.id));
    const others = new Set([...all.map((entry) => entry.tab), ...this.drafts.tabs]);
    others.delete(this.tabs.id);
    for (const tab of others) this.tabs.whenGone(tab, () => this.adopt(tab));
  }

  async adopt(tab) {
    const all = await this.store.of(this.datasetId);
    const left = all.filter((entry) => entry.tab === tab).map((entry) => ({ ...entry, tab: this.tabs.id }));
    if (left.length > 0) {
      await this.store.write(left);
      this.takeIn(left);
    }
    this.drafts.of(tab).forEach((draft) => this.takeUp(draft));
    await this.keepAll();
  }

  /** A caption that was being typed when its tab ended goes on its way, behind what that tab had sent. */
  takeUp({ image, text: typed, version, base, key }) {
    const text = typed.trim();
    const stopped = this.stopped.filter((entry) => entry.image === image);
    const conflict = stopped.find((entry) => !entry.stopped.reason);
    if (conflict) {
      this.stop(conflict, { ...conflict.stopped, mine: text });
      this.onTaken();
      return;
    }
    const earlier = this.of(image).filter(isCaption);
    if (earlier.at(-1)?.operation.text !== text) {
      const operation = { kind: "caption", text, version: earlier.length > 0 ? null : version, key };
      this.takeIn([this.make(image, operation, { base: base.trim() })], { isKept: false });
    } else if (earlier.at(-1).isKept) {
      this.drafts.taken(image, text);
    }
    // What was refused was written anew here.
    this.remove(stopped);
  }

  takeIn(entries, { isKept = true } = {}) {
    const known = new Set([...this.entries, ...this.stopped].map((entry) => entry.key));
    // It may have been sent: a caption that may have arrived must not be replaced under its key.
    const fresh = entries
      .filter((entry) => !known.has(entry.key) && !this.forgotten.has(entry.key))
      .map((entry) => ({ ...entry, wasSent: true, isKept }));
    this.entries = [...this.entries, ...fresh.filter((entry) => !entry.stopped)].sort(inOrder);
    this.stopped = [...this.stopped, ...fresh.filter((entry) => entry.stopped)].sort(inOrder);
    for (const entry of fresh) if (inOrder(entry, this.last) > 0) this.last = entry;
    if (fresh.length > 0) this.onTaken();
  }

  get length() {
    return this.entries.length;
  }

  /** Whether something would be lost with this page. */
  get isAtRisk() {
    return [...this.entries, ...this.stopped].some((entry) => !entry.isKept);
  }

  of(image) {
    return this.entries.filter((entry) => entry.image === image);
  }

  operationsOf(image) {
    return this.of(image).map((entry) => entry.operation);
  }

  /** `facts` are kept beside the operation, such as the `base` of a caption; `replaced` entries go in the same step. */
  add(image, operation, facts = {}, replaced = []) {
    const entry = this.make(image, operation, facts);
    this.entries.push(entry);
    this.remove(replaced, [entry]);
    return entry;
  }

  make(image, operation, facts) {
    const key = operation.key ?? makeKey();
    // A clock that is put back must not change the order.
    const at = Math.max(Date.now(), this.last.at);
    const place = { at, sequence: this.last.sequence + 1 };
    this.last = place;
    return { key, image, operation: { ...operation, key }, ...place, ...facts, wasSent: false, isKept: false };
  }

  /** Keep entries, and forget others, at once. */
  async keep(entries, forgotten = []) {
    if (this.store) await this.tryToKeep(entries, forgotten);
    // What was replaced is as safe as what replaced it.
    if (!entries.every((entry) => entry.isKept)) return;
    for (const entry of [...entries, ...forgotten].filter(isCaption)) this.drafts.taken(entry.image, textOf(entry));
  }

  async tryToKeep(entries, forgotten) {
    const plain = entries.map(({ isKept, wasSent, ...rest }) => ({ ...rest, dataset: this.datasetId, tab: this.tabs.id }));
    const wasRefused = this.isRefused;
    try {
      await this.write(plain, forgotten.map((entry) => entry.key));
      for (const entry of entries) entry.isKept = true;
      this.isRefused = false;
    } catch (error) {
      console.warn("An edit could not be kept in this browser:", error);
      for (const entry of entries) entry.isKept = false; // the page warns before it is closed
      this.isRefused = true;
    }
    if (entries.length > 0) this.onChange();
    if (wasRefused && !this.isRefused) await this.keepAll();
  }

  async write(plain, keys) {
    try {
      await this.store.write(plain, keys);
    } catch (error) {
      if (error?.name !== "InvalidStateError") throw error;
      // The browser closed its database behind our back.
      this.store = await this.openStore();
      await this.store.write(plain, keys);
    }
  }

  async keepAll() {
    const loose = [...this.entries, ...this.stopped].filter((entry) => !entry.isKept);
    if (loose.length > 0) await this.keep(loose);
  }

  /** Forget entries for good; `changed` others are kept anew in the same step. */
  remove(entries, changed = []) {
    const isLeft = (entry) => !entries.includes(entry);
    this.entries = this.entries.filter(isLeft);
    this.stopped = this.stopped.filter(isLeft);
    if (entries.length + changed.length === 0) return;
    // What is being read from the store just now may still hold them.
    for (const entry of entries) this.forgotten.add(entry.key);
    this.keep(changed, entries);
  }

  /** A caption that waits for a person: it is not sent, but kept, because the text is nowhere else. */
  stop(entry, stopped, others = []) {
    this.entries = this.entries.filter((other) => other !== entry);
    entry.stopped = stopped;
    if (!this.stopped.includes(entry)) this.stopped.push(entry);
    this.remove(others, [entry]);
  }

  /** A text without an entry of its own waits for a person. */
  stopText(image, text, stopped) {
    const entry = { ...this.make(image, { kind: "caption", text, version: 0 }, {}), stopped };
    this.stopped.push(entry);
    this.keep([entry]);
  }
}

const textOf = ({ operation, stopped }) => stopped?.mine ?? operation.text;

/** What an earlier version of this page kept elsewhere; `forget` removes it from there. */
function takeFromOldStore(datasetId) {
  const entries = [];
  const names = [];
  const take = (name, read) => {
    try {
      entries.push(...read(JSON.parse(localStorage.getItem(name))));
    } catch {
      // Unreadable: there is nothing to take over.
    }
    names.push(name);
  };
  for (const name of namesOfOldStore()) {
    if (name.startsWith(`tagger.outbox.${datasetId}.`)) take(name, (entry) => [{ ...entry, key: entry.operation.key }]);
    if (name === `tagger.conflicts.${datasetId}`) take(name, (conflicts) => conflicts.map(oldConflict));
  }
  return { entries, forget: () => names.forEach((name) => localStorage.removeItem(name)) };
}

function namesOfOldStore() {
  try {
    return Object.keys(localStorage);
  } catch {
    return [];
  }
}

function oldConflict([image, { mine, reason = "" }]) {
  const key = makeKey();
  const operation = { key, kind: "caption", text: mine, version: 0 };
  return { key, image, operation, at: 0, sequence: 0, stopped: { mine, reason } };
}
