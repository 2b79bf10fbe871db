// An action on many pictures while it runs: how far it is, for how long still, and the way to stop it.

import { $, throttle } from "../../lib/dom.js";
import { formatDuration, formatNumber } from "../../lib/format.js";
import { getJson, pause, postJson } from "../../lib/http.js";
import { gettext, interpolate } from "../../lib/i18n.js";

const ENDED = ["DONE", "CANCELLED", "FAILED"];
const ASK_EVERY = 700;
const MOST_MISSED = 20;
const SAY_EVERY = 5000;
const REMEMBERED = "bulk-job";

/** `api` is where the API begins; `root` the element that shows it. */
export class Job {
  constructor(root, api) {
    Object.assign(this, { root, api });
    this.bar = $("progress", root);
    this.line = $("[data-job-text]", root);
    this.spoken = $("[data-job-spoken]", root);
    this.stop = $("[data-job-cancel]", root);
    this.stop.addEventListener("click", () => this.cancel());
    this.say = throttle((text) => (this.spoken.textContent = text), SAY_EVERY);
  }

  /** What is remembered of a job that ran when the page was left; `null` for none. */
  static left(dataset) {
    try {
      const kept = JSON.parse(sessionStorage.getItem(REMEMBERED) ?? "null");
      return kept?.dataset === dataset ? kept : null;
    } catch {
      return null;
    }
  }

  /** Show a job to its end; returns where it stood then. Fails where it cannot be asked for any more. */
  async follow(job, dataset) {
    remember({ id: job.id, dataset });
    let latest = job;
    let missed = 0;
    this.job = job.id;
    this.stop.disabled = false;
    while (!ENDED.includes(latest.state)) {
      this.show(latest);
      await this.wait();
      try {
        latest = await getJson(`${this.api}bulk-jobs/${job.id}`);
        missed = 0;
      } catch (error) {
        missed += 1;
        if (!error.isPassing || missed > MOST_MISSED) {
          this.end();
          throw error;
        }
      }
    }
    this.end();
    return latest;
  }

  end() {
    this.root.hidden = true;
    remember(null);
  }

  /** Until it is time to ask again, or the socket told of it. */
  wait() {
    return Promise.race([pause(ASK_EVERY), new Promise((resolve) => (this.wake = resolve))]);
  }

  /** The socket told where a job stands. */
  heard({ job_id: id }) {
    if (id === this.job) this.wake?.();
  }

  show({ done, total, seconds_left: left }) {
    this.root.hidden = false;
    this.bar.max = Math.max(1, total);
    this.bar.value = done;
    const words = interpolate(gettext("%(done)s of %(total)s images"), { done: formatNumber(done), total: formatNumber(total) });
    const text = left === null || left === undefined ? words : `${words} · ${interpolate(gettext("%(time)s left"), { time: formatDuration(left) })}`;
    this.line.textContent = text;
    this.say(text);
  }

  async cancel() {
    this.stop.disabled = true;
    await postJson(`${this.api}bulk-jobs/${this.job}/cancel`).catch(() => (this.stop.disabled = false));
  }
}

function remember(job) {
  try {
    if (job) sessionStorage.setItem(REMEMBERED, JSON.stringify(job));
    else sessionStorage.removeItem(REMEMBERED);
  } catch {
    // Storage is off: a reload loses sight of the job, which runs on.
  }
}
