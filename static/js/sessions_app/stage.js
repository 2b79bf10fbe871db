// The picture, as large as fits, on neutral ground; its mean colour stands in until it has come.

import { fill } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";

export class Stage {
  constructor({ root, desks }) {
    this.desks = desks;
    this.frame = root.querySelector("[data-frame]");
    this.trouble = root.querySelector("[data-trouble]");
    this.end = root.querySelector("[data-finish]");
    this.root = root;
  }

  show(desk) {
    const { id, width, height, colour } = desk.image;
    const { style } = this.frame;
    style.setProperty("--width", width);
    style.setProperty("--height", height);
    style.setProperty("--colour", colour);
    const picture = this.desks.picture(desk);
    this.frame.dataset.state = picture.complete && picture.naturalWidth > 0 ? "shown" : "loading";
    this.trouble.hidden = true;
    picture.onload = () => this.arrived(picture);
    picture.onerror = () => this.failed(picture, id);
    fill(this.frame, picture);
  }

  arrived(picture) {
    if (picture.isConnected) this.frame.dataset.state = "shown";
  }

  failed(picture, id) {
    this.desks.forgetPicture(id);
    if (!picture.isConnected) return;
    this.trouble.textContent = gettext("The picture could not be loaded. Its tags can be edited all the same.");
    this.trouble.hidden = false;
  }

  finish(isFinished, untagged) {
    this.end.hidden = !isFinished;
    this.root.classList.toggle("stage--finished", isFinished);
    if (!isFinished) return;
    const [title, text] = this.finishWords(untagged);
    this.end.querySelector("[data-finish-title]").textContent = title;
    this.end.querySelector("[data-finish-text]").textContent = text;
    this.end.querySelector("[data-finish-untagged]").hidden = untagged === 0;
    this.end.querySelector("[data-finish-export]").classList.toggle("button--primary", untagged === 0);
  }

  finishWords(untagged) {
    const total = formatNumber(this.desks.tallies.total);
    if (untagged === 0) {
      const all = ngettext("The one picture is tagged.", "All %(total)s pictures are tagged.", this.desks.tallies.total);
      return [interpolate(all, { total }), gettext("The dataset is ready to be exported.")];
    }
    const left = ngettext(
      "%(count)s of %(total)s is still untagged.",
      "%(count)s of %(total)s are still untagged.",
      untagged,
    );
    return [gettext("That was the last picture"), interpolate(left, { count: formatNumber(untagged), total })];
  }
}
