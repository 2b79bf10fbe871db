// The texts that came with the pictures wait until a person has seen how they will be read. The pictures do not.

import { $, $$, el, fill, throttle } from "../lib/dom.js";
import { formatNumber } from "../lib/format.js";
import { getJson, postJson } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { TextNotes } from "./text_notes.js";

const REMEMBERED = "tagger:texts";
const MOST_EXAMPLES = 5;
const LOOK_EVERY = 2000;

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED)) ?? {};
  } catch {
    return {};
  }
}

function remember(choice) {
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify(choice));
  } catch {
    // A browser that keeps nothing asks the same again the next time.
  }
}

export class TextsPanel {
  /** @param listener `onAnswered()` when the server has the answer, `onTrouble(text)` when it could not be given. */
  constructor(root, address, listener) {
    this.address = address;
    this.listener = listener;
    this.box = $("[data-texts]", root);
    this.notes = new TextNotes(root, address);
    this.policy = $("[data-texts-policy]", this.box);
    this.readings = $$("[data-texts-reading]", this.box);
    this.buttons = $$("[data-texts-read], [data-texts-skip]", this.box);
    this.held = 0;
    this.shown = 0;
    this.look = throttle(() => this.fetch(), LOOK_EVERY);
    this.box.hidden = true;
    this.preselect(remembered());
    for (const radio of this.readings) radio.onchange = () => this.fetch();
    $("[data-texts-read]", this.box).onclick = () => this.answer(this.policy.value);
    $("[data-texts-skip]", this.box).onclick = () => this.answer("SKIP");
  }

  get reading() {
    return this.readings.find(({ checked }) => checked).value;
  }

  preselect({ policy, reading }) {
    for (const radio of this.readings) radio.checked = radio.value === (reading ?? "GUESS");
    if (!this.readings.some(({ checked }) => checked)) this.readings[0].checked = true;
    this.policy.value = policy;
    if (!this.policy.value) this.policy.selectedIndex = 0;
  }

  show(progress) {
    this.notes.show(progress);
    this.held = progress.held;
    this.box.hidden = progress.held === 0;
    if (this.box.hidden) {
      this.shown = 0;
      return;
    }
    // In a dataset without words there is nothing that texts could meet.
    if (progress.sidecars > 0) $("[data-texts-meeting]", this.box).hidden = false;
    $("[data-texts-title]", this.box).textContent = interpolate(
      ngettext("%(count)s text came with the pictures", "%(count)s texts came with the pictures", this.held),
      { count: formatNumber(this.held) },
    );
    if (this.shown < Math.min(this.held, MOST_EXAMPLES)) this.look();
  }

  async fetch() {
    if (this.box.hidden) return;
    const { reading } = this;
    const query = new URLSearchParams({ reading });
    const texts = await getJson(`${this.address}/sidecars?${query}`).catch(() => null);
    if (!texts || reading !== this.reading) return;
    const examples = texts.examples.slice(0, MOST_EXAMPLES);
    this.shown = examples.length;
    fill($("[data-texts-examples]", this.box), examples.map((example) => this.row(example)));
  }

  row({ name, folder, reading, tags, caption, note }) {
    const where = folder ? `${folder}/${name}` : name;
    const kind = reading === "PROSE" ? gettext("Prose") : gettext("Tags");
    return el(
      "li",
      { class: "text" },
      el("bdi", { class: "text__name truncate", title: where, text: name }),
      el("span", { class: "badge text__kind", text: kind }),
      el(
        "div",
        { class: "text__words" },
        tags.map((tag) => el("bdi", { class: "chip", text: tag })),
        caption && el("p", { dir: "auto", text: caption }),
        !tags.length && !caption && el("p", { class: "quiet", text: gettext("No words") }),
        note && el("p", { class: "small quiet", text: note }),
      ),
    );
  }

  async answer(policy) {
    const { reading } = this;
    for (const button of this.buttons) button.disabled = true;
    try {
      await postJson(`${this.address}/sidecars`, { policy, reading });
      remember({ reading, policy: policy === "SKIP" ? remembered().policy : policy });
      this.listener.onAnswered();
    } catch (error) {
      this.listener.onTrouble(error.detail ?? String(error));
    } finally {
      for (const button of this.buttons) button.disabled = false;
    }
  }
}
