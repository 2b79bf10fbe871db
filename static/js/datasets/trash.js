// Moving images to the trash and taking it back: one toast tells of all that went there while it is shown.

import { postJson } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { toast, toastError } from "../lib/toast.js";
import { formatNumber } from "../lib/format.js";

export class Trash {
  /** `address` is the API's trash of a dataset; `onRestored(images)` hears what was brought back. */
  constructor(address, { onRestored }) {
    Object.assign(this, { address, onRestored });
    this.moved = [];
    this.box = null;
    this.isUndoing = false;
  }

  /** Whether the way back is shown, or being gone. */
  get isOffered() {
    return this.isUndoing || (this.box?.isConnected ?? false);
  }

  /** Move images, each with `id` and `name`, and offer to take it back. Fails as the call does. */
  async move(images) {
    await postJson(this.address, { images: images.map((image) => image.id) });
    if (!this.box?.isConnected) this.moved = [];
    this.moved.push(...images);
    this.tell();
  }

  tell() {
    this.takeToast?.();
    const count = this.moved.length;
    const words = ngettext("%(name)s moved to the trash", "%(count)s images moved to the trash", count);
    const text = interpolate(words, { name: this.moved[0].name, count: formatNumber(count) });
    this.takeToast = toast(text, { action: { label: gettext("Undo"), run: () => this.undo() } });
    this.box = document.getElementById("toasts").lastElementChild;
  }

  async undo() {
    const images = this.moved;
    this.moved = [];
    this.isUndoing = true;
    try {
      await this.restore(images);
    } finally {
      this.isUndoing = false;
    }
  }

  async restore(images) {
    try {
      await postJson(`${this.address}/restore`, { images: images.map((image) => image.id) });
    } catch (error) {
      toastError(error);
      this.moved = [...images, ...this.moved];
      this.tell();
      return;
    }
    await this.onRestored(images);
  }
}
