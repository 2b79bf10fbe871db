// The exports of a dataset: the one that was asked for here beside the button, the others in the list.

import { $, fill, throttle } from "../../lib/dom.js";
import { getJson, pause, postJson, send } from "../../lib/http.js";
import { gettext } from "../../lib/i18n.js";
import { toastError } from "../../lib/toast.js";
import { ENDED, ExportRow, progressText } from "./export_rows.js";

const ASK_EVERY = 700;
const SAY_EVERY = 5000;

export class Exports {
  /**
   * `ways` as rows take them, without cancelling and deleting; `address` lists and starts, `api` tells of one; `onDone` is
   * told whether the one that was asked for here can be fetched.
   */
  constructor(root, { api, address, ways, onDone }) {
    Object.assign(this, { api, address, onDone });
    this.now = $("[data-now]", root);
    this.past = $("[data-past]");
    this.list = $("[data-past-rows]");
    this.status = $("[data-status]", root);
    this.ways = { ...ways, onCancel: (job) => this.cancel(job), onDelete: (job) => this.remove(job) };
    this.rows = new Map();
    this.isFollowing = false;
    this.say = throttle((text) => (this.status.textContent = text), SAY_EVERY);
  }

  async read() {
    try {
      const jobs = await getJson(this.address);
      for (const job of jobs) this.place(job, false);
      fill(this.list, jobs.filter(({ id }) => id !== this.current).map(({ id }) => this.rows.get(id).root));
      this.past.hidden = this.list.childElementCount === 0;
      this.follow();
      // A link to one of them came before it was there.
      const meant = location.hash.startsWith("#export-") && document.getElementById(location.hash.slice(1));
      if (meant && !this.current) meant.focus();
    } catch (error) {
      toastError(error);
    }
  }

  place(job, isCurrent) {
    let row = this.rows.get(job.id);
    if (!row) {
      row = new ExportRow(isCurrent ? "div" : "li", this.ways);
      this.rows.set(job.id, row);
    }
    row.show(job);
    return row;
  }

  /** Ask for an export and show it; fails as the server does. */
  async begin(body) {
    const job = await postJson(this.address, body);
    const before = this.current;
    this.current = job.id;
    const row = this.place(job, true);
    fill(this.now, row.root);
    this.now.focus({ preventScroll: true });
    row.root.scrollIntoView({ block: "nearest" });
    // A small one may be done before the answer that it was begun.
    if (ENDED.includes(job.state)) this.heard(job);
    // The one before goes where the others are.
    if (before && before !== job.id) {
      this.rows.delete(before);
      this.read();
    }
    this.follow();
  }

  // --- how far they are ----------------------------------------------------------------------------

  get running() {
    return [...this.rows.values()].filter(({ job }) => !ENDED.includes(job.state));
  }

  async follow() {
    if (this.isFollowing) return;
    this.isFollowing = true;
    while (this.running.length > 0) {
      await pause(ASK_EVERY);
      for (const row of this.running) await this.ask(row);
    }
    this.isFollowing = false;
  }

  async ask(row) {
    try {
      this.heard(await getJson(`${this.api}exports/${row.job.id}`));
    } catch (error) {
      // Somebody deleted it; whatever else it is passes.
      if (error.status === 404) this.drop(row.job);
    }
  }

  heard(job) {
    const row = this.rows.get(job.id);
    if (!row) return;
    const hadFocus = row.root.contains(document.activeElement) || (this.current === job.id && document.activeElement === this.now);
    row.show(job);
    if (this.current === job.id) this.tell(job);
    if (hadFocus && ENDED.includes(job.state)) (row.root.querySelector("a.export-archive__link") ?? this.now).focus();
  }

  tell(job) {
    this.onDone(job.state === "DONE");
    if (!ENDED.includes(job.state)) this.say(progressText(job));
    else if (job.state === "DONE") this.say(gettext("The export is done: it can be downloaded."));
    else this.say(job.state === "FAILED" ? job.error : gettext("Cancelled"));
  }

  async cancel(job) {
    try {
      this.heard(await postJson(`${this.api}exports/${job.id}/cancel`));
    } catch (error) {
      toastError(error);
    }
  }

  async remove(job) {
    try {
      await send("DELETE", `${this.api}exports/${job.id}`);
      this.drop(job);
    } catch (error) {
      toastError(error);
    }
  }

  drop(job) {
    const row = this.rows.get(job.id);
    const next = row.root.nextElementSibling ?? row.root.previousElementSibling;
    row.root.remove();
    this.rows.delete(job.id);
    if (this.current === job.id) {
      this.current = null;
      this.onDone(false);
    }
    this.past.hidden = this.list.childElementCount === 0;
    (next?.querySelector("button, a") ?? $("#main")).focus({ preventScroll: true });
  }
}
