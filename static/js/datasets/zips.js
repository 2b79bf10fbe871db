// Zips of an import that have not been looked into yet: until then nobody knows how many files there will be.

import { throttle } from "../lib/dom.js";
import { getJson } from "../lib/http.js";

const ASK_EVERY = 1500;
const MOST = 10;

export class Zips {
  constructor(address, onMove) {
    this.address = address;
    this.onMove = onMove;
    this.open = [];
    this.ask = throttle(() => this.fetch(), ASK_EVERY);
    this.ask();
  }

  /** A zip was chosen, or the import moved on while one was open. */
  expect() {
    this.ask();
  }

  /** The one to name: being looked into, else the next. */
  get next() {
    return this.open.find(({ state }) => state !== "WAITING") ?? this.open[0] ?? null;
  }

  async fetch() {
    const query = new URLSearchParams({ kind: "ARCHIVE", limit: MOST });
    for (const state of ["WAITING", "RECEIVED", "PROCESSING"]) query.append("state", state);
    const page = await getJson(`${this.address}/items?${query}`).catch(() => null);
    if (!page) return;
    this.open = page.items;
    this.onMove();
  }
}
