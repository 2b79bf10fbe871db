// What a person brought to one import. A cancelled import may be wanted back, with the files that it never heard of.

export class Brought {
  constructor() {
    this.files = new Set();
    this.rests = new Set();
  }

  add(files) {
    for (const one of files) this.files.add(one);
    return files;
  }

  /** Remember files that have yet to be opened; returns them, to be read from there: what was read counts as brought. */
  addRest({ count, read }) {
    const rest = {
      count,
      read: async () => {
        const files = this.add(await read());
        this.rests.delete(rest);
        return files;
      },
    };
    if (count) this.rests.add(rest);
    return rest;
  }

  /** All that was not opened yet, as one; whoever takes it brings it again. */
  takeRest() {
    const rests = [...this.rests];
    this.rests.clear();
    const read = async () => {
      const files = [];
      for (const rest of rests) files.push(...(await rest.read()));
      return files;
    };
    return { count: rests.reduce((sum, { count }) => sum + count, 0), read };
  }

  /** The opened files that the server was not told of. */
  get unannounced() {
    return [...this.files].filter(({ isAnnounced }) => !isAnnounced);
  }

  /** How many files the server was not told of. */
  get left() {
    return [...this.rests].reduce((sum, { count }) => sum + count, this.unannounced.length);
  }
}
