// A picture of the desk goes to the trash, and the desk goes on to the next.

import { toastError } from "../lib/toast.js";
import { Trash } from "../datasets/trash.js";

const SETTLE = 1500;

export class Deleting {
  /** `grid` is the address of the dataset's page, where one is led when no picture is left. */
  constructor({ desk, address, grid }) {
    Object.assign(this, { desk, grid });
    this.trash = new Trash(address, { onRestored: (images) => this.restored(images) });
    this.images = new Set();
  }

  has(image) {
    return this.images.has(image);
  }

  async run() {
    const { desk } = this;
    const id = desk.image;
    if (this.has(id) || desk.gone.has(id)) return;
    this.images.add(id);
    desk.caption.flush();
    // What was tagged just now is kept with the picture; edits that come later would find no picture.
    await desk.saver.settled(SETTLE);
    const shown = await desk.desks.refresh(id).catch(() => desk.desks.known(id));
    desk.keepPlace(null); // a picture in the trash is no place to come back to
    try {
      await this.trash.move([shown.image]);
    } catch (error) {
      this.images.delete(id);
      toastError(error);
      return;
    }
    desk.desks.leaveOut(id);
    if (desk.image === id) await this.goOn(shown.next_id ?? shown.previous_id);
    // Not before: until another one is shown, the page is still drawn from what is known of it.
    if (desk.image !== id) desk.desks.forget(id);
  }

  async goOn(goal) {
    // Back must not lead to a picture that is in the trash.
    if (goal === null) location.replace(this.grid);
    else await this.desk.navigator.go(goal, { replaces: true });
  }

  async restored(images) {
    for (const { id } of images) this.images.delete(id);
    await this.desk.navigator.go(images.at(-1).id);
  }
}
