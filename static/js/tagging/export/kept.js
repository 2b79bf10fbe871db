// What was chosen last time for a dataset, and the images that another page handed over.

const MOST_SELECTED = 100_000;

/** What was chosen for each trainer; nothing where the browser keeps nothing. */
export class Kept {
  constructor(dataset, storage = localStorage) {
    this.name = `export-options:${dataset}`;
    this.storage = storage;
    this.all = { profile: "", options: {} };
    try {
      const found = JSON.parse(storage.getItem(this.name) ?? "null");
      if (found && typeof found.options === "object" && found.options) this.all = found;
    } catch {
      // Storage is off, or somebody wrote something else there.
    }
  }

  get profile() {
    return typeof this.all.profile === "string" ? this.all.profile : "";
  }

  of(profile) {
    return this.all.options[profile] ?? null;
  }

  /** The filter belongs to the address: what was exported once need not be what is exported next. */
  keep({ filter: _filter, ...options }) {
    this.all.profile = options.profile;
    this.all.options[options.profile] = options;
    try {
      this.storage.setItem(this.name, JSON.stringify(this.all));
    } catch {
      // It holds for this visit.
    }
  }
}

const HANDED = "export-images";

/** Hand images to the export page; `false` where the browser does not keep them. */
export function handOver(dataset, ids, storage = sessionStorage) {
  if (ids.length > MOST_SELECTED) return false;
  try {
    storage.setItem(HANDED, JSON.stringify({ dataset, ids }));
    return true;
  } catch {
    return false;
  }
}

/** The images that were handed over; `null` where there are none of this dataset. */
export function handedOver(dataset, storage = sessionStorage) {
  try {
    const found = JSON.parse(storage.getItem(HANDED) ?? "null");
    return found?.dataset === dataset && Array.isArray(found.ids) && found.ids.length > 0 ? found.ids : null;
  } catch {
    return null;
  }
}
