// Brings chosen files to the server: announces them in batches, tells their checksums, sends what the server lacks.
//
// Three lines run side by side, so that the first file is on its way while the rest is still being announced: one
// announces, one sums up the files a little ahead of the senders, and a few senders send. What the server holds is the
// record. A chunk that may or may not have arrived is simply sent again, and the server answers how far it is (409); so
// a broken line costs at most one chunk, and no file is sent twice. A file is announced under a key of its own: where
// the answer got lost, asking again brings the same item and no second one.

import { HttpError, backoff, pause, postJson, putBytes } from "../lib/http.js";
import { makeKey } from "../lib/uuid.js";
import { fileUnreadable } from "./dropped.js";
import { Gate } from "./gate.js";
import { inBatches } from "./upload_order.js";

const SENDERS = 4;
const SUMMERS = 2;
const CHUNK_BYTES = 4 * 1024 * 1024;
// Summed up while it is sent: reading it twice before the first byte goes out would be a long silence.
const LARGE_BYTES = 64 * 1024 * 1024;
// How far the sums run ahead of the senders.
const AHEAD = 200;
const SUMS_A_CALL = 500;
// How long announcing the others waits for the first file to be sent.
const FIRST_LIMIT = 2000;
// How often and how long to wait until the server has read the file that others are copies of.
const COPY_LOOKS = 6;
const COPY_PAUSE = 400;
// Signed out, no longer allowed, disk full: the next file would fare no better until somebody did something.
const NEEDS_A_PERSON = new Set([401, 403, 507]);

/** The queue was cancelled; nobody has to hear of it. */
class Cancelled extends Error {}

export class UploadQueue {
  /**
   * @param address API address of the import.
   * @param hasher has `sum(file)`.
   * @param files a map that is filled with what is known of each file, by number of its item: `file`, `sent` bytes
   *   and `phase`: "queued", "sending", "sent", or "lost" where this machine cannot read it.
   * @param listener `onMove()` when bytes went out, `onTrouble(text)` or `onTrouble("")` while the server is away,
   *   `onStopped(text)` when a person has to act, `onLost(name, text)` for a file that this machine cannot read,
   *   `onChanged()` when files are not what they were when they were first summed up.
   */
  constructor(address, hasher, files, listener) {
    this.address = address;
    this.hasher = hasher;
    this.files = files;
    this.listener = listener;
    this.toSum = [];
    this.toCheck = [];
    this.ready = [];
    this.copies = [];
    this.sums = new Set();
    this.chosen = 0;
    this.expected = 0;
    this.bytesChosen = 0;
    this.bytesSent = 0;
    this.changed = 0;
    this.toldChanged = 0;
    this.working = { announce: 0, sum: 0, check: 0, send: 0, copy: 0 };
    this.paused = new Gate();
    this.stopped = new Gate();
    this.room = new Gate();
    this.first = new Gate();
    this.first.shut();
    this.abort = new AbortController();
    this.idle = [];
    this.counted = new Set();
    this.announced = new Set();
  }

  get isBusy() {
    return !this.isCancelled && (this.isAtWork || this.working.copy + this.copies.length > 0);
  }

  /** Whether anything is under way but the copies, which wait for all others. */
  get isAtWork() {
    const { announce, sum, check, send } = this.working;
    return announce + sum + check + send + this.toSum.length + this.toCheck.length + this.ready.length > 0;
  }

  /** How many files this page brings, those included that it has not opened yet. */
  get total() {
    return this.chosen + this.expected;
  }

  get isPaused() {
    return this.paused.isShut;
  }

  /** Whether it waits for a person to do something about it. */
  get isStopped() {
    return this.stopped.isShut;
  }

  get isCancelled() {
    return this.abort.signal.aborted;
  }

  /**
   * Announce files and send them; returns when the server knows all of them. After a failure, add the same again.
   *
   * `rest` are more of them: `count` so many, and `read()` to get them while the first are on their way.
   */
  async add(files, rest = { count: 0, read: async () => [] }) {
    await this.work("announce", async () => {
      this.expected += rest.count;
      let more = [];
      try {
        await this.announceAll(files);
        more = await rest.read();
      } finally {
        this.expected -= rest.count;
      }
      await this.announceAll(more);
    });
  }

  async announceAll(files) {
    for (const one of files) one.key ??= makeKey();
    this.count(files.filter(({ key }) => !this.counted.has(key)));
    for (const { key } of files) this.counted.add(key);
    for (const batch of inBatches(files.filter(({ key }) => !this.announced.has(key)))) {
      await this.announce(batch);
      // The server does one thing after the other: the first picture goes before thousands of names.
      await Promise.race([this.first.wait, pause(FIRST_LIMIT)]);
    }
  }

  /** Send what is missing of files that the server knows and waits for: `{file, item}`. */
  resume(pairs) {
    this.count(pairs);
    for (const { file, item } of pairs) this.admit(file, item);
    this.start();
  }

  pause() {
    this.paused.shut();
    this.listener.onMove();
  }

  goOn() {
    this.paused.open();
    this.tryAgain();
  }

  /** Try what was stopped; where it still fails, it stops and says so again. */
  tryAgain() {
    this.stopped.open();
    this.tellChanged();
    this.listener.onMove();
  }

  /** Stop everything at once and for good. */
  cancel() {
    this.abort.abort();
    this.toSum = [];
    this.toCheck = [];
    this.ready = [];
    this.copies = [];
    for (const gate of [this.stopped, this.paused, this.room, this.first]) gate.open();
    this.settle();
  }

  /** Wait until nothing is left to send. */
  whenIdle() {
    return this.isBusy ? new Promise((resolve) => this.idle.push(resolve)) : Promise.resolve();
  }

  // --- Announce -------------------------------------------------------------------------------------

  count(files) {
    this.chosen += files.length;
    for (const { file } of files) this.bytesChosen += file.size;
  }

  async announce(batch) {
    const files = batch.map(({ key, file, name, folder }) => ({ key, name, folder, size: file.size }));
    const { items } = await this.persist((signal) => postJson(`${this.address}/items`, { files }, { signal }));
    items.forEach((item, index) => {
      const { key, file } = batch[index];
      this.announced.add(key);
      // The list outlives this queue: what was never announced can be told from what was.
      batch[index].isAnnounced = true;
      if (item.state === "WAITING") this.admit(file, item);
      else this.bytesSent += file.size;
    });
    this.start();
  }

  admit(file, item) {
    const entry = { file, item, sent: 0, sum: "", phase: "queued" };
    this.files.set(item.id, entry);
    if (file.size > LARGE_BYTES) this.take(entry, item.received ?? 0);
    else this.toSum.push(entry);
  }

  /** Put a file in line for the senders; so many of its bytes are on the server. */
  take(entry, received) {
    this.moveTo(entry, received);
    this.ready.push(entry);
  }

  /** Fewer bytes than before means that the server lost some, for instance to a full disk: it says where to go on. */
  moveTo(entry, received) {
    this.bytesSent += received - entry.sent;
    entry.sent = received;
    this.listener.onMove();
  }

  start() {
    while (this.working.sum < SUMMERS && this.toSum.length) this.run("sum", this.toSum, (one) => this.sumUp(one));
    while (this.working.send < SENDERS && this.ready.length) this.run("send", this.ready, (one) => this.sendFile(one));
    if (this.toCheck.length && !this.working.check) this.work("check", () => this.checkAll());
    this.listener.onMove();
  }

  async run(kind, line, handle) {
    await this.work(kind, async () => {
      for (let next = line.shift(); next && !this.isCancelled; next = line.shift()) await handle(next);
    });
  }

  async work(kind, job) {
    this.working[kind] += 1;
    try {
      await job();
    } catch (error) {
      if (!this.isCancelled) throw error;
    } finally {
      this.working[kind] -= 1;
      this.settle();
    }
  }

  // --- Sum up and ask what is lacking ---------------------------------------------------------------

  async sumUp(entry) {
    while (this.ready.length + this.toCheck.length >= AHEAD && !this.isCancelled) {
      this.room.shut();
      await this.room.wait;
    }
    await this.paused.wait;
    try {
      entry.sum = await this.hasher.sum(entry.file);
    } catch (error) {
      this.lose(entry, error);
      return;
    }
    if (this.isCancelled) return;
    if (!entry.sum) this.take(entry, entry.item.received ?? 0);
    else if (this.sums.has(entry.sum)) this.copies.push(entry);
    else {
      this.sums.add(entry.sum);
      this.toCheck.push(entry);
    }
    this.start();
  }

  async checkAll() {
    while (this.toCheck.length && !this.isCancelled) {
      const entries = this.toCheck.splice(0, SUMS_A_CALL);
      for (const { entry, received } of await this.lacking(entries)) this.take(entry, received);
      this.room.open();
      this.start();
    }
  }

  /** Send what is there twice under other names. Once the server has read the one, it wants no bytes of the others. */
  async sendCopies() {
    let lacking = this.copies.splice(0).map((entry) => ({ entry, received: 0 }));
    for (let look = 0; look < COPY_LOOKS && lacking.length && !this.isCancelled; look += 1) {
      if (look) await pause(COPY_PAUSE);
      const entries = lacking.map(({ entry }) => entry);
      lacking = [];
      while (entries.length) lacking.push(...(await this.lacking(entries.splice(0, SUMS_A_CALL))));
    }
    for (const { entry, received } of lacking) this.take(entry, received);
    this.start();
  }

  /** Tell the server the sums of files; returns those that it wants bytes of, and how many it has. */
  async lacking(entries) {
    const lacks = await this.check(entries).catch(() => null);
    if (this.isCancelled) return [];
    // Where the sums were refused the bytes are sent all the same, and the refusal of those is told for each file.
    if (!lacks) return entries.map((entry) => ({ entry, received: 0 }));
    const wanted = [];
    for (const entry of entries) {
      const lack = lacks.get(entry.item.id);
      if (lack?.state === "WAITING") wanted.push({ entry, received: lack.received });
      else this.arrived(entry);
    }
    return wanted;
  }

  /** Tell the sums of files; returns what the server has of each, by number. */
  async check(entries) {
    const changed = entries.filter(({ item, sum }) => item.sha256 && item.sha256 !== sum).length;
    this.changed += changed;
    this.tellChanged();
    const items = entries.map(({ item, sum }) => ({ id: item.id, sha256: sum }));
    const answer = await this.persist((signal) => postJson(`${this.address}/checksums`, { items }, { signal }));
    return new Map(answer.items.map((lack) => [lack.id, lack]));
  }

  /** What a person has to do comes first: news is told when that is done. */
  tellChanged() {
    if (this.isStopped || this.toldChanged === this.changed) return;
    this.toldChanged = this.changed;
    this.listener.onChanged();
  }

  /** Sum up a large file while it is being sent; returns what the server has of it then. */
  async sumUpLate(entry) {
    entry.sum = await this.hasher.sum(entry.file);
    if (!entry.sum || this.isCancelled) return null;
    return (await this.check([entry])).get(entry.item.id) ?? null;
  }

  arrived(entry) {
    this.moveTo(entry, entry.file.size);
    entry.phase = "sent";
    this.first.open();
  }

  lose(entry, error) {
    if (this.isCancelled) return;
    entry.phase = "lost";
    this.bytesSent += entry.file.size - entry.sent;
    this.listener.onLost(entry.item, error.detail ?? String(error));
  }

  // --- Send -----------------------------------------------------------------------------------------

  async sendFile(entry) {
    const { file } = entry;
    entry.phase = "sending";
    this.room.open();
    const late = entry.sum || file.size <= LARGE_BYTES ? null : this.sumUpLate(entry);
    late?.catch(() => {});
    try {
      // A file whose bytes are all there may still wait for being called whole: the last chunk, be it empty, does that.
      while (entry.sent < file.size || !entry.isTold) {
        // What arrives is compared with the sum, so the server has to know it before the last byte.
        if (late && !entry.isSummed && entry.sent + CHUNK_BYTES >= file.size) await this.learn(entry, late);
        else {
          this.moveTo(entry, await this.sendChunk(entry));
          entry.isTold = true;
        }
      }
      entry.phase = "sent";
      this.first.open();
    } catch (error) {
      this.lose(entry, error);
    }
    this.listener.onMove();
  }

  async learn(entry, late) {
    const lack = await late;
    entry.isSummed = true;
    if (!lack) return;
    entry.isTold = lack.state !== "WAITING";
    this.moveTo(entry, entry.isTold ? entry.file.size : lack.received);
  }

  async sendChunk({ file, item, sent }) {
    const chunk = await this.readChunk(file, sent);
    const address = `${this.address}/items/${item.id}/content?offset=${sent}`;
    return this.persist(async (signal) => {
      try {
        return (await putBytes(address, chunk, { signal })).received;
      } catch (error) {
        if (error.status === 409 && Number.isInteger(error.body?.received)) return error.body.received;
        throw error;
      }
    });
  }

  async readChunk(file, offset) {
    try {
      // Read before sending: else a file that vanished looks like a server that vanished.
      return await file.slice(offset, offset + CHUNK_BYTES).arrayBuffer();
    } catch {
      throw new HttpError(0, fileUnreadable());
    }
  }

  /** Try until it works or until trying again is pointless. */
  async persist(call) {
    for (let attempt = 0; ; attempt += 1) {
      // One of the two may be shut while the other is waited at.
      while (this.isPaused || this.isStopped) await (this.paused.wait ?? this.stopped.wait);
      if (this.isCancelled) throw new Cancelled();
      try {
        const answer = await call(this.abort.signal);
        if (attempt > 0 && !this.isStopped) this.listener.onTrouble("");
        return answer;
      } catch (error) {
        if (this.isCancelled) throw new Cancelled();
        if (NEEDS_A_PERSON.has(error.status)) this.stop(error.detail);
        else if (!error.isPassing) throw error;
        else {
          if (attempt > 1 && !this.isStopped) this.listener.onTrouble(error.detail);
          await pause(backoff(attempt));
        }
      }
    }
  }

  /** Hold everything until a person did something about it and says so. */
  stop(text) {
    if (this.stopped.isShut) return;
    this.stopped.shut();
    this.listener.onStopped(text);
  }

  settle() {
    this.listener.onMove();
    if (!this.isAtWork && !this.working.copy && this.copies.length) this.work("copy", () => this.sendCopies());
    if (this.isBusy) return;
    for (const resolve of this.idle.splice(0)) resolve();
  }
}
