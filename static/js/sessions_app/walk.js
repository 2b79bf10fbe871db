// The tagging session that is walked: its numbers at the end, and how it is finished.

import { $, el, fill } from "../lib/dom.js";
import { formatDuration, formatNumber } from "../lib/format.js";
import { getJson, postJson } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { toastError } from "../lib/toast.js";

const SETTLE = 1500;

export class Walk {
  constructor(desk, { walk, urls }) {
    this.desk = desk;
    this.walk = walk;
    this.urls = urls;
    if (walk === null) return;
    this.address = `${urls.api}walks/${walk.id}`;
    this.numbers = $("[data-walk-numbers]");
    this.button = $("[data-walk-finish]");
    this.another = $("[data-walk-another]");
    this.button.addEventListener("click", () => this.finish());
    desk.addEventListener("finished", ({ detail }) => detail.isFinished && this.tellEnd());
  }

  actions() {
    const group = gettext("From picture to picture");
    const isWalked = () => this.walk !== null && !this.walk.is_finished;
    return [
      { id: "startWalk", group, label: gettext("Start a session"), keys: ["Alt+Shift+KeyN"], run: () => $("[data-start-session]").click() },
      { id: "finishWalk", group, label: gettext("Finish this session"), keys: ["Alt+Shift+KeyF"], only: isWalked, can: isWalked, run: () => this.finish() },
    ];
  }

  /** What the end of a dataset says is not true of a walk through a part of it. */
  tellEnd() {
    const { total, tagged } = this.desk.tallies();
    const left = Math.max(0, total - tagged);
    const words = ngettext("%(count)s of %(total)s has no words yet.", "%(count)s of %(total)s have no words yet.", left);
    const text = left > 0 ? interpolate(words, { count: formatNumber(left), total: formatNumber(total) }) : gettext("Every picture on it has words.");
    $("[data-finish-title]").textContent = gettext("That was the last picture of this session");
    $("[data-finish-text]").textContent = text;
    $("[data-finish-export]").hidden = true;
    this.button.hidden = this.walk.is_finished;
    this.another.hidden = false;
    this.count();
  }

  async count() {
    try {
      await this.desk.saver.settled(SETTLE);
      await this.desk.keepPlace.settled();
      this.render(await getJson(this.address));
    } catch {
      // Offline: the numbers are on the page of sessions later.
    }
  }

  render({ visited, tagged, skipped, seconds, pace }) {
    const time = seconds < 1 ? "–" : formatDuration(seconds);
    const facts = [
      [gettext("pictures"), formatNumber(visited)],
      [gettext("tagged / skipped"), `${formatNumber(tagged)} / ${formatNumber(skipped)}`],
      [gettext("at work"), time],
      [gettext("pictures an hour"), pace > 0 ? formatNumber(pace) : "–"],
    ];
    fill(this.numbers, facts.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value }))));
    this.numbers.hidden = false;
  }

  async finish() {
    this.desk.caption.flush();
    await this.desk.saver.settled(SETTLE);
    await this.desk.keepPlace.settled();
    try {
      await postJson(`${this.address}/finish`);
    } catch (error) {
      toastError(error);
      return;
    }
    location.assign(this.urls.sessions);
  }
}
