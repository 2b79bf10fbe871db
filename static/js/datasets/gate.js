// Something that several lines of work wait at until it opens.

export class Gate {
  constructor() {
    this.wait = null;
    this.pass = null;
  }

  get isShut() {
    return this.wait !== null;
  }

  shut() {
    this.wait ??= new Promise((resolve) => {
      this.pass = resolve;
    });
  }

  open() {
    this.pass?.();
    this.wait = null;
    this.pass = null;
  }
}
