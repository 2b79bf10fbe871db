// What the import page shows, given where the import stands. No decisions here, only words and numbers.

import { $, el, fill, icon, throttle } from "../lib/dom.js";
import { formatBytes, formatDuration, formatNumber, formatRate } from "../lib/format.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";

const SPEAK_EVERY = 5000;
const FACTS = ["ready", "duplicates", "sidecars", "failed"];

export class ImportView {
  constructor(root) {
    this.root = root;
    this.title = document.title;
    const status = document.querySelector("[data-status]");
    this.speak = throttle((text) => {
      // Written again, the same text would be spoken again.
      if (status.textContent !== text) status.textContent = text;
    }, SPEAK_EVERY);
  }

  set phase(phase) {
    if (this.root.dataset.phase === phase) return;
    this.root.dataset.phase = phase;
    if (phase === "done") $("[data-done-title]", this.root).focus();
  }

  /** Where the button that had the focus went away, the progress has it. */
  focusProgress() {
    const held = document.activeElement;
    if (held && held !== document.body && !held.disabled && held.checkVisibility()) return;
    $("[data-count]", this.root).focus();
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

  /**
   * Show a running import. `sending` is the upload queue of this page, or null; `zip` a zip that was not looked into
   * yet, or null: nobody knows then how many files there will be, and a percentage would jump back.
   */
  progress(progress, sending, zip) {
    const total = Math.max(progress.total, sending?.total ?? 0);
    const done = progress.done;
    const percent = zip || !total ? null : Math.floor((100 * done) / total);
    const words = { done: formatNumber(done), total: formatNumber(total), percent, title: this.title };
    const text = interpolate(zip ? gettext("%(done)s done so far") : gettext("%(done)s of %(total)s"), words);
    $("[data-count]", this.root).textContent = text;
    $("[data-percent]", this.root).textContent = percent === null ? "" : interpolate(gettext("%(percent)s %"), words);
    this.bar(total, done, zip, sending);
    this.pace(progress, total, sending, zip);
    this.stay(progress, sending, zip);
    this.facts(progress);
    this.controls(progress, sending);
    document.title = interpolate(percent === null ? gettext("… · %(title)s") : gettext("%(percent)s % · %(title)s"), words);
    const spoken = ngettext("%(done)s of %(total)s file done", "%(done)s of %(total)s files done", total);
    this.speak(zip ? text : interpolate(spoken, words));
  }

  bar(total, done, zip, sending) {
    const bar = $("[data-bar]", this.root);
    bar.max = Math.max(1, total);
    bar.value = done;
    if (!zip) return;
    const isSending = zip.state === "WAITING" && sending?.isBusy && sending.bytesChosen > 0;
    if (isSending) {
      bar.max = sending.bytesChosen;
      bar.value = sending.bytesSent;
    } else bar.removeAttribute("value");
  }

  pace(progress, total, sending, zip) {
    const parts = [];
    if (sending?.isPaused) parts.push(gettext("Paused"));
    else if (progress.rate > 0) parts.push(interpolate(gettext("%(rate)s files a second"), { rate: formatRate(progress.rate) }));
    // Files that nobody sends have no time left to tell.
    const left = zip || sending?.isPaused || (progress.waiting > 0 && !sending) ? null : this.secondsLeft(progress, total);
    if (left !== null) parts.push(interpolate(gettext("%(time)s left"), { time: formatDuration(left) }));
    if (sending?.isBusy && sending.bytesChosen > 0) {
      const sizes = { sent: formatBytes(sending.bytesSent), total: formatBytes(sending.bytesChosen) };
      parts.push(interpolate(gettext("%(sent)s of %(total)s sent"), sizes));
    }
    $("[data-pace]", this.root).textContent = parts.join(" · ");
  }

  secondsLeft(progress, total) {
    // Texts that wait for a person take as long as the person does.
    const left = total - progress.done - progress.held;
    return progress.rate > 0 && left > 0 ? left / progress.rate : null;
  }

  stay(progress, sending, zip) {
    const line = $("[data-stay]", this.root);
    if (sending?.isPaused) line.textContent = gettext("Nothing is sent until you go on. What has arrived is read meanwhile.");
    else if (zip && zip.state !== "WAITING") line.textContent = interpolate(gettext("Looking into %(name)s…"), { name: zip.name });
    else if (sending?.isBusy) line.textContent = gettext("Keep this page open until everything is sent. More files can be dropped at any time.");
    else if (progress.waiting > 0) line.textContent = "";
    else if (progress.held > 0 && progress.total - progress.done === progress.held) {
      line.textContent = gettext("All pictures are read. The texts wait for your answer.");
    } else line.textContent = gettext("Everything has arrived. You may leave this page; the work goes on.");
  }

  facts(progress) {
    for (const name of FACTS) {
      const fact = $(`[data-fact="${name}"]`, this.root);
      $("dd", fact).textContent = formatNumber(progress[name]);
      fact.toggleAttribute("data-some", progress[name] > 0);
    }
  }

  controls(progress, sending) {
    $("[data-pause]", this.root).hidden = !sending?.isBusy || sending.isPaused;
    $("[data-resume]", this.root).hidden = !sending?.isPaused;
    $("[data-cancel]", this.root).hidden = progress.state === "DONE";
    this.retry(progress);
  }

  retry(progress) {
    for (const button of this.root.querySelectorAll("[data-retry]")) {
      button.hidden = progress.retryable === 0;
      const words = { count: formatNumber(progress.retryable) };
      const text = ngettext("Try %(count)s file again", "Try %(count)s files again", progress.retryable);
      $("[data-retry-text]", button).textContent = interpolate(text, words);
    }
  }

  done(progress) {
    const added = interpolate(ngettext("%(count)s image added", "%(count)s images added", progress.ready), {
      count: formatNumber(progress.ready),
    });
    const none = progress.cancelled ? gettext("The import was cancelled") : gettext("No image was added");
    $("[data-done-title]", this.root).textContent = progress.ready ? added : none;
    $("[data-done-text]", this.root).textContent = this.summary(progress).join(" · ");
    $("[data-done]", this.root).toggleAttribute("data-none", progress.ready + progress.duplicates === 0);
    $("[data-done-tag]", this.root).hidden = progress.ready + progress.duplicates === 0;
    this.retry(progress);
    document.title = interpolate(gettext("Done · %(title)s"), { title: this.title });
    this.speak(interpolate(gettext("Done: %(summary)s"), { summary: [added, ...this.summary(progress)].join(", ") }));
  }

  summary(progress) {
    const parts = [];
    const say = (text, count) => count > 0 && parts.push(interpolate(text, { count: formatNumber(count) }));
    if (progress.cancelled && progress.ready) parts.push(gettext("cancelled"));
    say(gettext("%(count)s already here"), progress.duplicates);
    say(ngettext("%(count)s text read", "%(count)s texts read", progress.sidecars), progress.sidecars);
    say(gettext("%(count)s left out"), progress.skipped);
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
    // Shown again, it would be spoken again.
    if (!action && $(".notice__body", host)?.textContent === text) return;
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
