// Who else is here, on which picture, and whose picture it is. Holding is a courtesy: both may edit, and both keep
// what they do.

import { $, el, fill } from "../lib/dom.js";
import { getJson, pause, postJson, putJson, send } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { toast, toastError } from "../lib/toast.js";
import { DESK_PEOPLE, DESK_TAKEN } from "../live/messages.js";
import { avatars } from "./avatars.js";

const SAY_EVERY = 15000;
// Something is done here: the picture stays ours. Said sooner than the rest, so that a pause does not lose it.
const ACTIVE_EVERY = 10000;
// Skimming says only where it ends.
const ARRIVE = 250;
const SETTLE = 1500;

export class People {
  constructor(desk, { dataset, urls }, live) {
    Object.assign(this, { desk, live });
    this.address = `${urls.api}datasets/${dataset.id}/`;
    this.people = [];
    this.isActive = true;
    this.saidAt = -Infinity;
    this.saying = Promise.resolve();
    this.isToSay = false;
    this.isGoing = false;
    this.host = $("[data-people]");
    this.note = $("[data-here]");
    live.addEventListener(DESK_PEOPLE, ({ detail }) => this.take(detail));
    live.addEventListener(DESK_TAKEN, ({ detail }) => this.lost(detail));
    live.addEventListener("asked", () => this.ask());
    live.addEventListener("state", ({ detail }) => detail === "open" && this.say());
    desk.addEventListener("shown", () => this.arrive());
    for (const type of ["keydown", "pointerdown"]) document.addEventListener(type, () => this.active(), { passive: true });
    document.addEventListener("visibilitychange", () => this.say());
    window.addEventListener("pagehide", () => this.leave());
    window.addEventListener("pageshow", (event) => event.persisted && this.say());
    setInterval(() => this.say(), SAY_EVERY);
  }

  actions() {
    const group = gettext("With others");
    return [
      { id: "nextFree", group, label: gettext("Next free picture"), keys: ["Alt+KeyN"], run: () => this.nextFree() },
      { id: "takeOver", group, label: gettext("Take over this picture"), keys: [], run: () => this.takeOver() },
    ];
  }

  // --- Saying where one is ---------------------------------------------------------------------------

  arrive() {
    this.isActive = true;
    this.draw();
    clearTimeout(this.arriving);
    this.arriving = setTimeout(() => this.say(), ARRIVE);
  }

  active() {
    this.isActive = true;
    if (performance.now() - this.saidAt > ACTIVE_EVERY) this.say();
  }

  /** One at a time: that one was on a picture must not come after what has been said since. */
  say() {
    if (this.isToSay || document.hidden || this.desk.image === null) return;
    this.isToSay = true;
    this.saidAt = performance.now();
    this.saying = this.saying.then(() => this.sayNow());
  }

  async sayNow() {
    this.isToSay = false;
    // The picture that is gone to is ours already: to be on this one would give it back.
    if (this.isGoing || document.hidden || this.desk.image === null) return;
    const active = this.isActive;
    this.isActive = false;
    const image = this.desk.gone.has(this.desk.image) ? null : this.desk.image;
    try {
      await putJson(`${this.address}presence`, { tab: this.live.tab.name, image, active });
    } catch (error) {
      // Said again in a moment; nothing depends on it.
      this.isActive ||= active;
      if (error.status === 409) this.live.renewTab();
    }
  }

  leave() {
    const address = `${this.address}presence?tab=${this.live.tab.name}`;
    send("DELETE", address, { keepalive: true }).catch(() => {});
  }

  // --- Hearing of others -----------------------------------------------------------------------------

  async ask() {
    this.take(await getJson(`${this.address}people?tab=${this.live.tab.name}`));
  }

  take({ people, total }) {
    this.people = people.filter((one) => !one.is_you);
    this.total = total - (people.length - this.people.length);
    this.draw();
  }

  draw() {
    fill(this.host, avatars(this.people, { total: this.total }));
    this.host.hidden = this.people.length === 0;
    const here = this.people.filter((one) => one.image === this.desk.image);
    const holder = here.find((one) => one.holds);
    const text = sentence(here, holder);
    if (this.said !== text) fill($("[data-here-text]", this.note), text);
    this.said = text;
    // A button that has the focus does not go from under it: what it did last is what made it needless.
    const hadFocus = this.note.contains(document.activeElement);
    this.note.hidden = here.length === 0;
    $("[data-here-take]", this.note).hidden = !holder;
    if (hadFocus && !this.note.contains(document.activeElement)) this.desk.toTagBox();
  }

  lost({ image, name }) {
    const words = image === this.desk.image ? gettext("%(name)s took over this picture.") : gettext("%(name)s took over your picture.");
    toast(interpolate(words, { name }));
  }

  // --- What the actions call -------------------------------------------------------------------------

  async takeOver() {
    const { image } = this.desk;
    try {
      await postJson(`${this.address}claims/take`, { tab: this.live.tab.name, image });
    } catch (error) {
      toastError(error);
      return;
    }
    this.desk.announce(gettext("This picture is yours now."));
    this.desk.toTagBox();
  }

  async nextFree() {
    if (this.isGoing) return;
    this.isGoing = true;
    this.desk.caption.flush();
    try {
      // What was tagged just now is no goal any more, and what is being said now is said of the picture that is left.
      await Promise.all([this.desk.saver.settled(SETTLE), Promise.race([this.saying, pause(SETTLE)])]);
      await this.goToFree();
    } catch (error) {
      toastError(error);
    } finally {
      this.isGoing = false;
    }
    // Where one stayed, or arrived meanwhile.
    this.say();
  }

  async goToFree() {
    const { desk } = this;
    const from = desk.image;
    const image = desk.gone.has(from) ? null : from;
    const walk = desk.walk?.id ?? null;
    const found = await postJson(`${this.address}claims/next`, { tab: this.live.tab.name, image, walk });
    if (desk.image !== from) return;
    if (found.image === null) toast(gettext("No other picture is free: the rest is tagged, or somebody is on it."), { seconds: 5 });
    else await desk.navigator.go(found.image);
  }
}

function sentence(here, holder) {
  if (here.length === 0) return "";
  if (holder?.is_yours) return gettext("You are on this picture in another tab.");
  if (holder) return interpolate(gettext("%(name)s is working on this picture."), { name: holder.name });
  if (here.length === 1 && here[0].is_yours) return gettext("You have this picture open in another tab, too.");
  if (here.length === 1) return interpolate(gettext("%(name)s is on this picture, too."), { name: here[0].name });
  const words = ngettext("%(count)s other is on this picture, too.", "%(count)s others are on this picture, too.", here.length);
  return interpolate(words, { count: here.length });
}
