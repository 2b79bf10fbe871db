// The browser's own database of edits that no server has acknowledged yet: one store, an entry an edit.

const NAME = "tagger";
const STORE = "edits";

/** Open it; rejects where the browser keeps nothing (a private window, a full disk, a forbidden one). */
export function openStore(factory = globalThis.indexedDB) {
  return new Promise((resolve, reject) => {
    const opening = factory.open(NAME, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(STORE, { keyPath: "key" }).createIndex("dataset", "dataset");
    };
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => resolve(new EditStore(opening.result));
  });
}

class EditStore {
  constructor(database) {
    this.database = database;
    // Another page wants to change the store's form: it must not wait for this one.
    database.onversionchange = () => database.close();
  }

  of(dataset) {
    return new Promise((resolve, reject) => {
      const asking = this.database.transaction(STORE).objectStore(STORE).index("dataset").getAll(dataset);
      asking.onsuccess = () => resolve(asking.result);
      asking.onerror = () => reject(asking.error);
    });
  }

  /** Put and delete in one transaction; settled when it is on the disk, for what is put, or refused. */
  write(put, keys = []) {
    return new Promise((resolve, reject) => {
      const durability = put.length > 0 ? "strict" : "relaxed";
      const transaction = this.database.transaction(STORE, "readwrite", { durability });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      const store = transaction.objectStore(STORE);
      for (const entry of put) store.put(entry);
      for (const key of keys) store.delete(key);
      // Not when this page next has time: it may be closing.
      transaction.commit?.();
    });
  }
}
