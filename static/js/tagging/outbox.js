// Edits that the server has not acknowledged, kept across reloads. One stored item an edit: two tabs of one dataset
// never overwrite each other's list, and an edit sent by both counts once because its key is the same.

import { makeKey } from "../lib/uuid.js";

function usableStorage() {
  try {
    localStorage.setItem("tagger.probe", "1");
    localStorage.removeItem("tagger.probe");
    return localStorage;
  } catch {
    return null;
  }
}

export class Outbox {
  constructor(datasetId, storage = usableStorage()) {
    this.prefix = `tagger.outbox.${datasetId}.`;
    this.storage = storage;
    this.entries = this.load();
    this.sequence = 0;
  }

  load() {
    const entries = [];
    for (const name of Object.keys(this.storage ?? {})) {
      if (!name.startsWith(this.prefix)) continue;
      try {
        entries.push({ ...JSON.parse(this.storage.getItem(name)), isKept: true });
      } catch {
        this.storage.removeItem(name);
      }
    }
    return entries.sort((a, b) => a.at - b.at || a.sequence - b.sequence);
  }

  get length() {
    return this.entries.length;
  }

  /** Whether something would be lost with this page. */
  get isAtRisk() {
    return this.entries.some((entry) => !entry.isKept);
  }

  of(image) {
    return this.entries.filter((entry) => entry.image === image);
  }

  operationsOf(image) {
    return this.of(image).map((entry) => entry.operation);
  }

  add(image, operation) {
    this.sequence += 1;
    const entry = {
      image,
      operation: { key: makeKey(), ...operation },
      at: Date.now(),
      sequence: this.sequence,
      wasSent: false,
    };
    this.entries.push(entry);
    this.keep(entry);
    return entry;
  }

  keep(entry) {
    const { isKept, ...plain } = entry;
    try {
      this.storage.setItem(this.prefix + entry.operation.key, JSON.stringify(plain));
      entry.isKept = true;
    } catch {
      entry.isKept = false; // full or forbidden: the page warns before it is closed
    }
  }

  remove(entries) {
    this.entries = this.entries.filter((entry) => !entries.includes(entry));
    for (const entry of entries) this.storage?.removeItem(this.prefix + entry.operation.key);
  }
}

/**
 * Captions that wait for a person, one an image; kept across reloads, because the text is nowhere else.
 *
 * `{mine}`: somebody else changed the caption meanwhile. `{mine, reason}`: the server refused it.
 */
export class Conflicts {
  constructor(datasetId, storage = usableStorage()) {
    this.name = `tagger.conflicts.${datasetId}`;
    this.storage = storage;
    this.byImage = new Map();
    try {
      this.byImage = new Map(JSON.parse(storage?.getItem(this.name) ?? "[]"));
    } catch {
      this.byImage = new Map();
    }
  }

  get(image) {
    return this.byImage.get(image) ?? null;
  }

  get first() {
    return this.byImage.keys().next().value ?? null;
  }

  get size() {
    return this.byImage.size;
  }

  set(image, conflict) {
    this.byImage.set(image, conflict);
    this.keep();
  }

  delete(image) {
    this.byImage.delete(image);
    this.keep();
  }

  keep() {
    try {
      this.storage?.setItem(this.name, JSON.stringify([...this.byImage]));
    } catch {
      // Full: the text stays in this page, on the screen.
    }
  }
}
