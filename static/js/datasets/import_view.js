// What the import page shows, given where the import stands. No decisions here, only words and numbers.

import { $, el, fill, icon, throttle } from "../lib/dom.js";
import { formatBytes, formatDuration, formatNumber, formatRate } from "../lib/format.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";

const SPEAK_EVERY = 5000;

export class ImportView {
  constructor(root) {
    this.root = root;
    this.title = document.title;
    const status = document.querySelector("[data-status]");
    this.speak = throttle((text) => {
      status.textContent = text;
    }, SPEAK_EVERY);
  }

  set phase(phase) {
    if (this.root.dataset.phase === phase) return;
    this.root.dataset.phase = phase;
    if (phase === "done") $("[data-done-title]", this.root).focus();
  }

  reading(count) {
    const line = $("[data-reading]", this.root);
    line.hidden = false;
    $("[data-hint]", this.root).hidden = true;
    line.textContent = interpolate(
      ngettext("Looking through the folder: %(count)s file so far…", "Looking through the folder: %(count)s files so far…", count),
      { count: formatNumber(count) },
    );
  }

  notReading() {
    $("[data-reading]", this.root).hidden = true;
    $("[data-hint]", this.root).hidden = false;
  }

  /** Show a running import. `sending` is the upload queue of this page, or null. */
  progress(progress, sending) {
    const total = Math.max(progress.total, sending?.chosen ?? 0);
    const done = progress.done;
    const percent = total ? Math.floor((100 * done) / total) : 0;
    const words = { done: formatNumber(done), total: formatNumber(total) };
    $("[data-count]", this.root).textContent = interpolate(gettext("%(done)s of %(total)s"), words);
    $("[data-percent]", this.root).textContent = interpolate(gettext("%(percent)s %"), { percent });
    const bar = $("[data-bar]", this.root);
    bar.max = Math.max(1, total);
    bar.value = done;
    this.pace(progress, total, sending);
    this.facts(progress);
    document.title = interpolate(gettext("%(percent)s % · %(title)s"), { percent, title: this.title });
    this.speak(interpolate(gettext("%(done)s of %(total)s files done"), words));
  }

  pace(progress, total, sending) {
    const parts = [];
    if (progress.rate > 0) parts.push(interpolate(gettext("%(rate)s files a second"), { rate: formatRate(progress.rate) }));
    // Files that nobody sends have no time left to tell.
    const left = progress.waiting > 0 && !sending ? null : this.secondsLeft(progress, total);
    if (left !== null) parts.push(interpolate(gettext("%(time)s left"), { time: formatDuration(left) }));
    if (sending?.isBusy && sending.bytesChosen > 0) {
      const sizes = { sent: formatBytes(sending.bytesSent), total: formatBytes(sending.bytesChosen) };
      parts.push(interpolate(gettext("%(sent)s of %(total)s sent"), sizes));
    }
    $("[data-pace]", this.root).textContent = parts.join(" · ");
    $("[data-stay]", this.root).textContent = sending?.isBusy
      ? gettext("Keep this page open until everything is sent. More files can be dropped at any time.")
      : gettext("Everything has arrived. You may leave this page; the work goes on.");
    if (!sending?.isBusy && progress.waiting > 0) $("[data-stay]", this.root).textContent = "";
  }

  secondsLeft(progress, total) {
    if (progress.rate <= 0 || total <= progress.done) return null;
    return (total - progress.done) / progress.rate;
  }

  facts(progress) {
    for (const name of ["ready", "duplicates", "sidecars", "failed"]) {
      const fact = $(`[data-fact="${name}"]`, this.root);
      $("dd", fact).textContent = formatNumber(progress[name]);
      fact.toggleAttribute("data-some", progress[name] > 0);
    }
  }

  done(progress) {
    const added = interpolate(ngettext("%(count)s image added", "%(count)s images added", progress.ready), {
      count: formatNumber(progress.ready),
    });
    $("[data-done-title]", this.root).textContent = progress.ready ? added : gettext("No image was added");
    $("[data-done-text]", this.root).textContent = this.summary(progress).join(" · ");
    $("[data-done]", this.root).toggleAttribute("data-none", progress.ready + progress.duplicates === 0);
    $("[data-done-tag]", this.root).hidden = progress.ready + progress.duplicates === 0;
    document.title = interpolate(gettext("Done · %(title)s"), { title: this.title });
    this.speak(interpolate(gettext("Done: %(summary)s"), { summary: [added, ...this.summary(progress)].join(", ") }));
  }

  summary(progress) {
    const parts = [];
    const say = (text, count) => count > 0 && parts.push(interpolate(text, { count: formatNumber(count) }));
    say(gettext("%(count)s already here"), progress.duplicates);
    say(ngettext("%(count)s text read", "%(count)s texts read", progress.sidecars), progress.sidecars);
    say(gettext("%(count)s refused"), progress.failed);
    return parts;
  }

  /** Say that something is in the way, with at most one thing to do; an empty text takes it away. */
  trouble(text, action = null) {
    const host = $("[data-trouble]", this.root);
    if (!text) {
      fill(host);
      return;
    }
    fill(
      host,
      el(
        "div",
        { class: "notice notice--warning", role: "alert" },
        icon("triangle-alert"),
        el("div", { class: "notice__body", text }),
        action && el("button", { class: "button", type: "button", text: action.label, onclick: action.run }),
      ),
    );
  }
}
