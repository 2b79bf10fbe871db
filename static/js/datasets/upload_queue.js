// Sends chosen files: announces them in batches, then their bytes in chunks, a few files at a time.
//
// What the server holds is the record. A chunk that may or may not have arrived is simply sent again, and the server
// answers how far it is (409); so a broken line costs at most one chunk, and no file is sent twice. A file is announced
// under a key of its own: where the answer got lost, asking again brings the same item and no second one.

import { HttpError, backoff, pause, postJson, putBytes } from "../lib/http.js";
import { makeKey } from "../lib/uuid.js";
import { fileUnreadable } from "./dropped.js";
import { inBatches } from "./upload_order.js";

const AT_ONCE = 4;
const CHUNK_BYTES = 4 * 1024 * 1024;
// Signed out, no longer allowed, disk full: the next file would fare no better until somebody did something.
const NEEDS_A_PERSON = new Set([401, 403, 507]);

export class UploadQueue {
  /**
   * @param address API address of the import.
   * @param listener `onMove()` when bytes went out, `onTrouble(text)` or `onTrouble("")` while the server is away,
   *   `onStopped(text)` when a person has to act, `onLost(name, text)` for a file that this machine cannot read.
   */
  constructor(address, listener) {
    this.address = address;
    this.listener = listener;
    this.ready = [];
    this.chosen = 0;
    this.bytesChosen = 0;
    this.bytesSent = 0;
    this.filesSent = 0;
    this.lost = 0;
    this.announcing = 0;
    this.senders = 0;
    this.stopped = null;
    this.idle = [];
    this.counted = new Set();
    this.announced = new Set();
  }

  get isBusy() {
    return this.announcing > 0 || this.ready.length > 0 || this.senders > 0;
  }

  /** Announce files and send them; returns when the server knows all of them. After a failure, add the same again. */
  async add(files) {
    for (const one of files) one.key ??= makeKey();
    this.count(files.filter(({ key }) => !this.counted.has(key)));
    for (const { key } of files) this.counted.add(key);
    this.announcing += 1;
    try {
      const unknown = files.filter(({ key }) => !this.announced.has(key));
      for (const batch of inBatches(unknown)) await this.announce(batch);
    } finally {
      this.announcing -= 1;
      this.settle();
    }
  }

  /** Send the bytes of files that the server knows and waits for: pairs of `{file, item}`. */
  resume(pairs) {
    this.count(pairs.map(({ file }) => ({ file })));
    this.ready.push(...pairs);
    this.start();
  }

  count(files) {
    this.chosen += files.length;
    for (const { file } of files) this.bytesChosen += file.size;
  }

  async announce(batch) {
    const files = batch.map(({ key, file, name, folder }) => ({ key, name, folder, size: file.size }));
    const { items } = await this.persist(() => postJson(`${this.address}/items`, { files }));
    items.forEach((item, index) => {
      const { key, file } = batch[index];
      this.announced.add(key);
      if (item.state === "WAITING") this.ready.push({ file, item });
      else this.bytesSent += file.size;
    });
    this.start();
  }

  start() {
    while (this.senders < AT_ONCE && this.senders < this.ready.length) this.runSender();
    this.listener.onMove();
  }

  async runSender() {
    this.senders += 1;
    for (let next = this.ready.shift(); next; next = this.ready.shift()) await this.sendFile(next);
    this.senders -= 1;
    this.settle();
  }

  async sendFile({ file, item }) {
    let offset = 0;
    try {
      while (offset < file.size) offset = await this.sendChunk(file, item, offset);
      this.filesSent += 1;
    } catch (error) {
      this.lost += 1;
      this.bytesSent += file.size - offset;
      this.listener.onLost(item.name, error.detail ?? String(error));
    }
    this.listener.onMove();
  }

  async sendChunk(file, item, offset) {
    const chunk = await this.readChunk(file, offset);
    const address = `${this.address}/items/${item.id}/content?offset=${offset}`;
    const received = await this.persist(async () => {
      try {
        return (await putBytes(address, chunk)).received;
      } catch (error) {
        if (error.status === 409 && Number.isInteger(error.body?.received)) return error.body.received;
        throw error;
      }
    });
    // Fewer bytes than before means that the server lost some, for instance to a full disk: it says where to go on.
    this.bytesSent += received - offset;
    this.listener.onMove();
    return received;
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
      await this.stopped?.wait;
      try {
        const answer = await call();
        if (attempt > 0) this.listener.onTrouble("");
        return answer;
      } catch (error) {
        if (NEEDS_A_PERSON.has(error.status)) this.stop(error.detail);
        else if (!error.isPassing) throw error;
        else {
          if (attempt > 1) this.listener.onTrouble(error.detail);
          await pause(backoff(attempt));
        }
      }
    }
  }

  /** Hold everything until a person did something about it and says so. */
  stop(text) {
    if (this.stopped) return;
    this.stopped = {};
    this.stopped.wait = new Promise((resolve) => {
      this.stopped.go = resolve;
    });
    this.listener.onStopped(text);
  }

  goOn() {
    this.stopped?.go();
    this.stopped = null;
  }

  /** Wait until nothing is left to send. */
  whenIdle() {
    return this.isBusy ? new Promise((resolve) => this.idle.push(resolve)) : Promise.resolve();
  }

  settle() {
    this.listener.onMove();
    if (this.isBusy) return;
    for (const resolve of this.idle.splice(0)) resolve();
  }
}
