// Asks a worker for the SHA-256 of files. Where a browser starts no worker, files go without: the sum is empty then.

import { HttpError } from "../lib/http.js";
import { fileUnreadable } from "./dropped.js";

export class Hasher {
  /** @param address of `hash_worker.js`, as the server names it. */
  constructor(address) {
    this.address = address;
    this.waiting = new Map();
    this.number = 0;
    this.worker = null;
    this.isBroken = false;
  }

  /** The file's SHA-256 in hexadecimal, or "" where none can be had; fails where the file cannot be read. */
  sum(file) {
    this.start();
    if (this.isBroken) return Promise.resolve("");
    this.number += 1;
    const { number } = this;
    return new Promise((resolve, reject) => {
      this.waiting.set(number, { resolve, reject });
      this.worker.postMessage({ number, file });
    });
  }

  start() {
    if (this.worker || this.isBroken) return;
    try {
      this.worker = new Worker(this.address, { type: "module" });
    } catch {
      this.isBroken = true;
      return;
    }
    this.worker.addEventListener("message", ({ data }) => this.answered(data));
    this.worker.addEventListener("error", () => this.broke());
  }

  answered({ number, sum, unreadable }) {
    const call = this.waiting.get(number);
    this.waiting.delete(number);
    if (unreadable) call?.reject(new HttpError(0, fileUnreadable()));
    else call?.resolve(sum);
  }

  broke() {
    this.isBroken = true;
    this.worker.terminate();
    for (const { resolve } of this.waiting.values()) resolve("");
    this.waiting.clear();
  }
}
