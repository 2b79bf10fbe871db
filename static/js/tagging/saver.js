// Sends edits in the order they were made, one call at a time, until each is acknowledged or refused.
//
// "stored" {image, state, operations}: the server took edits. "refused" {image, operation, status, detail}: it never will.
// "conflict" {image}: a caption was changed by somebody else. "status": what the state line says has changed.

import { backoff, postJson } from "../lib/http.js";

const MOST_AT_ONCE = 100;
// What a browser lets outlive the page is 64 KiB altogether.
const KEEPALIVE_LIMIT = 30000;
const REFUSALS = new Set([400, 404, 409, 413, 422]);

const same = (a, b) => a.replace(/\s+/gu, " ").trim() === b.replace(/\s+/gu, " ").trim();

export class Saver extends EventTarget {
  constructor({ outbox, conflicts, api, post = postJson }) {
    super();
    Object.assign(this, { outbox, conflicts, api, post });
    this.attempt = 0;
    this.trouble = null;
    this.isSending = false;
    this.sendAlone = false;
    this.held = 0;
    this.lastStoredAt = -Infinity;
    window.addEventListener("online", () => this.retryNow());
  }

  get status() {
    const waiting = this.outbox.length;
    if (this.conflicts.size > 0) return { state: "conflict", waiting };
    if (waiting + this.held === 0) return { state: "saved", waiting };
    if (this.trouble && waiting > 0) return { ...this.trouble, waiting };
    return { state: "saving", waiting };
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

  add(image, operation) {
    if (operation.kind === "caption") operation = this.chained(image, operation);
    this.outbox.add(image, operation);
    this.tell("status");
    // What one key press makes (a pasted list) goes in one call.
    queueMicrotask(() => this.pump());
  }

  /** A caption behind one that still waits: it replaces it if that was never sent, else it builds on its version. */
  chained(image, operation) {
    const earlier = this.outbox.of(image).filter((entry) => entry.operation.kind === "caption");
    const unsent = earlier.filter((entry) => !entry.wasSent);
    const sent = earlier.filter((entry) => entry.wasSent);
    this.outbox.remove(unsent);
    const version = sent.length > 0 ? null : (unsent[0]?.operation.version ?? operation.version);
    return { ...operation, version };
  }

  async pump() {
    if (this.isSending) return;
    this.isSending = true;
    clearTimeout(this.timer);
    let goesOn = true;
    while (goesOn && this.outbox.length > 0) goesOn = await this.sendBatch(this.nextBatch());
    this.isSending = false;
    this.tell("status");
  }

  /** The oldest edit, with those of the same image behind it; a caption goes alone, as it may be refused alone. */
  nextBatch() {
    const [first] = this.outbox.entries;
    if (first.operation.kind === "caption" || this.sendAlone) return [first];
    const batch = [];
    for (const entry of this.outbox.of(first.image)) {
      if (entry.operation.kind === "caption" || batch.length === MOST_AT_ONCE) break;
      batch.push(entry);
    }
    return batch;
  }

  /** Send, and return whether to go on at once. */
  async sendBatch(batch) {
    const { image } = batch[0];
    const operations = batch.map((entry) => entry.operation);
    for (const entry of batch) this.markSent(entry);
    const keepalive = JSON.stringify(operations).length < KEEPALIVE_LIMIT;
    try {
      const state = await this.post(`${this.api}images/${image}/edits`, { operations }, { keepalive });
      this.acknowledged(batch, state);
      return true;
    } catch (error) {
      return this.failed(batch, error);
    }
  }

  markSent(entry) {
    if (entry.wasSent) return;
    entry.wasSent = true;
    // A caption that may have arrived must not be replaced under its key, also not after a reload.
    if (entry.operation.kind === "caption") this.outbox.keep(entry);
  }

  acknowledged(batch, state) {
    const [{ image, operation }] = batch;
    this.outbox.remove(batch);
    this.attempt = 0;
    this.trouble = null;
    this.sendAlone = false;
    this.lastStoredAt = performance.now();
    if (operation.kind === "caption") {
      // Where the answer holds another text, somebody was quicker: the next one must be told so.
      const isOurs = same(operation.text, state.caption.text);
      const version = isOurs ? state.caption.version : operation.version + 1;
      this.setFollowersVersion(image, version);
      this.tell("stored", { image, state, operations: [operation], caption: { version } });
    } else {
      this.tell("stored", { image, state, operations: batch.map((entry) => entry.operation) });
    }
    this.tell("status");
  }

  setFollowersVersion(image, version) {
    const next = this.outbox.of(image).find((entry) => entry.operation.kind === "caption");
    if (next?.operation.version !== null) return;
    next.operation.version = version;
    this.outbox.keep(next);
  }

  failed(batch, error) {
    const { status } = error;
    if (status === 409 && error.body?.state) return this.conflicted(batch[0], error.body.state);
    if (!REFUSALS.has(status)) return this.waitFor(error);
    if (batch.length > 1) {
      // One of them is the culprit: the others must not fall with it.
      this.sendAlone = true;
      return true;
    }
    this.outbox.remove(batch);
    this.trouble = null;
    const [{ image, operation }] = batch;
    if (operation.kind === "caption") this.setFollowersVersion(image, operation.version);
    this.tell("refused", { image, operation, status, detail: error.detail });
    this.tell("status");
    return true;
  }

  conflicted(entry, state) {
    const { image } = entry;
    const captions = this.outbox.of(image).filter((other) => other.operation.kind === "caption");
    const mine = captions.at(-1).operation.text;
    this.outbox.remove(captions);
    if (!same(mine, state.caption.text)) this.conflicts.set(image, { mine });
    this.tell("stored", { image, state, operations: [] });
    this.tell("conflict", { image });
    this.tell("status");
    return true;
  }

  waitFor(error) {
    const isAway = error.status === 0 || error.status === 502 || error.status === 503 || error.status === 504;
    this.trouble = { state: isAway ? "offline" : "attention", status: error.status, detail: error.detail };
    this.timer = setTimeout(() => this.pump(), backoff(this.attempt, 1000, 20000));
    this.attempt += 1;
    this.tell("status");
    return false;
  }

  retryNow() {
    this.attempt = 0;
    if (this.outbox.length > 0) this.pump();
  }

  /** Wait until all is stored, at most so many milliseconds; returns whether it is. */
  async settled(milliseconds) {
    const end = performance.now() + milliseconds;
    const isBusy = () => this.held > 0 || (this.outbox.length > 0 && !this.trouble);
    while (isBusy() && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    return this.outbox.length === 0;
  }

  tell(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
