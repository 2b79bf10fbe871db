// Sends edits in the order they were made, one call at a time, until each is acknowledged or refused.
//
// "stored" {image, state, operations}: the server took edits. "refused" {image, operation, status, detail}: it never will.
// "conflict" {image, keys}: a caption was changed by somebody else. "asked" {image, entry}: a new tag looks like a slip;
// its edit waits in the outbox until a person said which one is meant. "status": what the state line says has changed.

import { backoff, postJson } from "../lib/http.js";
import { makeKey } from "../lib/uuid.js";

const MOST_AT_ONCE = 100;
// What a browser lets outlive the page is 64 KiB altogether.
const KEEPALIVE_LIMIT = 30000;
const REFUSALS = new Set([400, 404, 409, 413, 422]);

const same = (a, b) => a.replace(/\s+/gu, " ").trim() === b.replace(/\s+/gu, " ").trim();

export class Saver extends EventTarget {
  constructor({ outbox, api, post = postJson }) {
    super();
    Object.assign(this, { outbox, api, post });
    outbox.onChange = () => this.tell("status");
    this.attempt = 0;
    this.trouble = null;
    this.isSending = false;
    this.sendAlone = false;
    this.held = 0;
    this.lastStoredAt = -Infinity;
    window.addEventListener("online", () => this.retryNow());
  }

  get status() {
    const waiting = this.due.length;
    const [stopped] = this.outbox.stopped;
    const isKept = !(this.outbox.isRefused && this.outbox.isAtRisk);
    if (this.trouble && waiting > 0) return { ...this.trouble, waiting, isKept };
    if (stopped) return { state: stopped.stopped.reason ? "refused" : "conflict", waiting };
    if (waiting + this.held === 0) return { state: this.asked.length > 0 ? "asks" : "saved", waiting };
    return { state: "saving", waiting };
  }

  /** Whether leaving now would lose something, or leave something unsent. */
  get isUnsent() {
    return this.due.length + this.held > 0 || this.outbox.isAtRisk;
  }

  /** The edits that may be sent. */
  get due() {
    return this.outbox.entries.filter((entry) => !entry.asked);
  }

  /** The edits that wait for a person. */
  get asked() {
    return this.outbox.entries.filter((entry) => entry.asked);
  }

  /** What was typed is meant: it is sent as it is. */
  keepAsked(entry) {
    entry.operation = { ...entry.operation, is_meant: true };
    delete entry.asked;
    this.outbox.keep([entry]);
    this.tell("status");
    this.pump();
  }

  /** Another tag is meant: it is sent in its place, at its place. Nothing was stored under this key yet. */
  useAsked(entry, tag) {
    entry.operation = { ...entry.operation, tag };
    this.keepAsked(entry);
  }

  /** What was typed is not meant: it was never stored, and never will be. */
  dropAsked(entry) {
    this.outbox.remove([entry]);
    this.tell("status");
  }

  /** An edit is being made that waits for something else: until it is over, not all is saved. */
  async holdFor(work) {
    this.held += 1;
    this.tell("status");
    try {
      return await work();
    } finally {
      this.held -= 1;
      this.tell("status");
    }
  }

  /** Queue an edit; `facts` are kept with it: the `base` of a caption. Returns its key. */
  add(image, operation, facts = {}) {
    // A tag that waits for an answer and is taken away again was never there.
    const waits = operation.kind === "remove" && this.asked.find((entry) => entry.image === image && entry.operation.tag === operation.tag);
    if (waits) {
      this.dropAsked(waits);
      return makeKey();
    }
    const entry = operation.kind === "caption" ? this.addCaption(image, operation, facts) : this.outbox.add(image, operation, facts);
    for (const waiting of this.asked) this.keepPlace(waiting, [entry]);
    this.tell("status");
    // What one key press makes (a pasted list) goes in one call.
    queueMicrotask(() => this.pump());
    return entry.key;
  }

  /** A caption behind one that still waits: it replaces it if that was never sent, else it builds on its version. */
  addCaption(image, operation, facts) {
    const earlier = this.captionsOf(image);
    const unsent = earlier.filter((entry) => !entry.wasSent && !entry.operation.group);
    const isBehind = earlier.length > unsent.length;
    const version = isBehind ? null : (unsent[0]?.operation.version ?? operation.version);
    const base = unsent[0]?.base ?? facts.base;
    return this.outbox.add(image, { ...operation, version }, { ...facts, base }, unsent);
  }

  /** Queue captions that go in one call: all of them are stored, or none. */
  addTogether(image, operations, facts) {
    for (const operation of operations) this.outbox.add(image, operation, facts);
    this.tell("status");
    queueMicrotask(() => this.pump());
  }

  captionsOf(image) {
    return this.outbox.of(image).filter((entry) => entry.operation.kind === "caption");
  }

  async pump() {
    if (this.isSending) return;
    this.isSending = true;
    clearTimeout(this.timer);
    // What was waiting from before goes first.
    await this.outbox.open();
    let goesOn = true;
    while (goesOn && this.due.length > 0) goesOn = await this.sendBatch(this.nextBatch());
    this.isSending = false;
    this.tell("status");
  }

  /** The oldest edit, with those of the same image behind it; a caption goes alone, as it may be refused alone. */
  nextBatch() {
    const [first] = this.due;
    const { kind, group } = first.operation;
    if (kind === "caption" && group) return this.captionsOf(first.image).filter((entry) => entry.operation.group === group);
    if (kind === "caption" || this.sendAlone) return [first];
    const batch = [];
    for (const entry of this.due.filter((other) => other.image === first.image)) {
      if (entry.operation.kind === "caption" || batch.length === MOST_AT_ONCE) break;
      batch.push(entry);
    }
    return batch;
  }

  /** Send, and return whether to go on at once. */
  async sendBatch(batch) {
    const { image } = batch[0];
    const operations = batch.map((entry) => entry.operation);
    for (const entry of batch) entry.wasSent = true;
    const keepalive = JSON.stringify(operations).length < KEEPALIVE_LIMIT;
    try {
      const state = await this.post(`${this.api}images/${image}/edits`, { operations }, { keepalive });
      this.acknowledged(batch, state);
      return true;
    } catch (error) {
      return this.failed(batch, error);
    }
  }

  acknowledged(batch, state) {
    const { image, operation } = batch.at(-1);
    this.attempt = 0;
    this.trouble = null;
    this.sendAlone = false;
    this.lastStoredAt = performance.now();
    if (operation.kind === "caption") {
      // Where the answer holds another text, somebody was quicker: the next one must be told so.
      const isOurs = same(operation.text, state.caption.text);
      const version = isOurs ? state.caption.version : operation.version + 1;
      this.outbox.remove(batch, this.followers(batch, version));
      this.tell("stored", { image, state, operations: [operation], caption: { version } });
    } else {
      this.outbox.remove(batch);
      this.tell("stored", { image, state, operations: batch.map((entry) => entry.operation) });
    }
    this.tell("status");
  }

  /** The captions behind a batch, the next of which builds on this version from now on. */
  followers(batch, version) {
    const [next] = this.captionsOf(batch[0].image).filter((entry) => !batch.includes(entry));
    if (next?.operation.version !== null) return [];
    next.operation.version = version;
    return [next];
  }

  failed(batch, error) {
    const { status } = error;
    if (status === 409 && error.body?.state) return this.conflicted(batch[0], error.body.state);
    if (!REFUSALS.has(status)) return this.waitFor(error);
    const asked = status === 409 && batch.find((entry) => entry.key === error.body?.key);
    if (asked) return this.questioned(batch, asked, error.body);
    if (batch.length > 1 && batch[0].operation.kind !== "caption") {
      // One of them is the culprit: the others must not fall with it.
      this.sendAlone = true;
      return true;
    }
    const [entry] = batch;
    const { image, operation } = entry;
    const isCaption = operation.kind === "caption";
    const followers = isCaption ? this.followers(batch, operation.version) : [];
    // The text is nowhere else: it waits for a person. Where there is no picture any more, it is told instead.
    if (isCaption && status !== 404) this.outbox.stop(entry, { mine: operation.text, reason: error.detail }, batch.slice(1));
    else this.outbox.remove(batch);
    for (const follower of followers) this.outbox.keep([follower]);
    this.trouble = null;
    this.tell("refused", { image, operation, status, detail: error.detail });
    this.tell("status");
    return true;
  }

  /** The server cannot know what is meant; what else was sent with it goes on. */
  questioned(batch, entry, { detail, meant, implied_by: impliedBy, also = [] }) {
    const { image, operation } = entry;
    this.trouble = null;
    this.attempt = 0;
    if (meant) {
      entry.asked = { detail, meant };
      for (const other of also) this.doubt(batch, other);
      this.keepPlaces(image);
      this.tell("asked", { image, entry });
    } else {
      this.outbox.remove([entry]);
      this.tell("refused", { image, operation, status: 409, detail, impliedBy });
    }
    this.tell("status");
    return true;
  }

  doubt(batch, { key, detail, meant }) {
    const entry = batch.find((other) => other.key === key);
    if (entry) entry.asked = { detail, meant };
  }

  /** What waits is nowhere yet: nothing else can be told to stand in front of it. */
  keepPlaces(image) {
    const waiting = this.asked.filter((entry) => entry.image === image);
    const names = new Set(waiting.map((entry) => entry.operation.tag));
    for (const entry of waiting) {
      if (names.has(entry.operation.before)) entry.operation = { ...entry.operation, before: null };
      this.keepPlace(entry, this.outbox.entries.slice(this.outbox.entries.indexOf(entry) + 1));
    }
    this.outbox.keep(waiting);
  }

  /** What waits stays in front of what was entered after it, though that is stored first. */
  keepPlace(entry, later) {
    if (entry.operation.before) return;
    const isBehind = ({ image, operation, asked }) => image === entry.image && operation.kind === "add" && !operation.before && !asked;
    const next = later.find(isBehind);
    if (!next) return;
    entry.operation = { ...entry.operation, before: next.operation.tag };
    this.outbox.keep([entry]);
  }

  conflicted(entry, state) {
    const { image } = entry;
    const captions = this.captionsOf(image);
    const mine = entry.mine ?? captions.at(-1).operation.text;
    this.trouble = null;
    if (same(mine, state.caption.text)) this.outbox.remove(captions);
    else this.outbox.stop(entry, { mine, base: entry.base, reason: "" }, captions.filter((other) => other !== entry));
    this.tell("stored", { image, state, operations: [] });
    this.tell("conflict", { image, keys: captions.map((other) => other.key) });
    this.tell("status");
    return true;
  }

  waitFor(error) {
    const isAway = error.status === 0 || error.status === 502 || error.status === 503 || error.status === 504;
    this.trouble = { state: isAway ? "offline" : "attention", status: error.status, detail: error.detail, kind: error.body?.type };
    this.timer = setTimeout(() => this.pump(), backoff(this.attempt, 1000, 20000));
    this.attempt += 1;
    this.tell("status");
    return false;
  }

  retryNow() {
    this.attempt = 0;
    if (this.due.length > 0) this.pump();
  }

  /** Wait until all is stored, at most so many milliseconds; returns whether it is. */
  async settled(milliseconds) {
    const end = performance.now() + milliseconds;
    const isBusy = () => this.held > 0 || (this.due.length > 0 && !this.trouble);
    while (isBusy() && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    return this.outbox.length === 0;
  }

  tell(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
