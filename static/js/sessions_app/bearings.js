// Where one is: the picture's name and number, the ways on from it, and how far the dataset is.

import { $, $$, fill, el } from "../lib/dom.js";
import { formatBytes, formatNumber } from "../lib/format.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { flagWords } from "../datasets/flags.js";

const write = (selector, text) => {
  for (const element of $$(selector)) if (element.textContent !== text) element.textContent = text;
};

export class Bearings {
  constructor({ dataset, address, exportAddress }) {
    Object.assign(this, { dataset, address, exportAddress });
  }

  show(desk) {
    const { image } = desk;
    const name = $("[data-name]");
    fill(name, el("bdi", { text: image.name }));
    name.title = image.name;
    write("[data-size]", `${image.width} × ${image.height}`);
    write("[data-bytes]", `${formatBytes(image.byte_size)} ${image.format}`);
    write("[data-flags]", flagWords(image).join(", "));
    $("[data-flags]").hidden = image.flags.length === 0;
    $("[data-original]").href = image.original;
    document.title = `${image.name} · ${this.dataset.name}`;
    this.link("previous", desk.previous_id);
    this.link("next", desk.next_id, this.exportAddress);
    this.link("nextUntagged", desk.next_untagged_id);
  }

  /** Links keep their addresses, for a middle click and for copying. */
  link(action, image, otherwise = null) {
    for (const link of $$(`a[data-action=${action}]`)) {
      const address = image === null ? otherwise : this.address(image);
      if (address) link.href = address;
      else link.removeAttribute("href");
      if (address) link.removeAttribute("aria-disabled");
      else link.setAttribute("aria-disabled", "true");
    }
  }

  tally(number, { total, tagged }) {
    const values = { number: formatNumber(number), total: formatNumber(total), tagged: formatNumber(tagged) };
    write("[data-number]", interpolate(gettext("%(number)s of %(total)s"), values));
    write("[data-progress-text]", interpolate(gettext("%(tagged)s of %(total)s tagged"), values));
    const bar = $("[data-progress]");
    bar.max = Math.max(1, total);
    bar.value = tagged;
    bar.classList.toggle("progress--done", tagged >= total);
  }
}
