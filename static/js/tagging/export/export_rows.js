// Exports as rows: what each is, how far it is, and where its archives can be fetched.

import { el, fill, icon } from "../../lib/dom.js";
import { formatBytes, formatDuration, formatNumber } from "../../lib/format.js";
import { gettext, interpolate, language } from "../../lib/i18n.js";
import { countImages } from "./preview.js";

export const ENDED = ["DONE", "CANCELLED", "FAILED"];
const when = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });

/** `ways` is {titles, versionAddress(id), onCancel(job), onDelete(job), onAgain(job), mayEnd(job)}. */
export class ExportRow {
  constructor(tag, ways) {
    this.ways = ways;
    this.root = el(tag, { class: "export-row", tabindex: "-1" });
  }

  show(job) {
    const isOther = this.job?.state !== job.state || this.job?.is_offered !== job.is_offered;
    this.job = job;
    this.root.dataset.state = job.state;
    this.root.id = `export-${job.id}`;
    // While it goes on only numbers change: a button keeps the focus.
    if (isOther) fill(this.root, this.head(), ENDED.includes(job.state) ? this.end() : this.progress());
    if (!ENDED.includes(job.state)) this.showProgress();
  }

  head() {
    const { job, ways } = this;
    const { version } = job;
    return el(
      "div",
      { class: "export-row__head" },
      el("span", { class: "export-row__title" }, ways.titles.get(job.profile) ?? job.profile, el("span", { class: "quiet", text: ` · ${countImages(job.total)}` })),
      el(
        "span",
        { class: "export-row__facts quiet small" },
        el("a", { href: ways.versionAddress(version.id) }, el("bdi", { text: version.title })),
        el("span", {}, el("time", { datetime: job.created_at, text: when.format(new Date(job.created_at)) }), job.started_by && [", ", el("bdi", { text: job.started_by })]),
      ),
    );
  }

  // --- under way -----------------------------------------------------------------------------------

  progress() {
    this.bar = el("progress", { class: "progress", max: 1, value: 0, "aria-label": gettext("How far it is") });
    this.line = el("span", { class: "small quiet numbers" });
    const cancel = this.ways.mayEnd(this.job) && el("button", { class: "button", type: "button", text: gettext("Cancel"), onclick: () => this.ways.onCancel(this.job) });
    return el("div", { class: "export-row__progress" }, this.bar, el("div", { class: "export-row__line" }, this.line, cancel));
  }

  showProgress() {
    const { job } = this;
    this.bar.max = Math.max(1, job.total);
    this.bar.value = job.done;
    this.line.textContent = progressText(job);
  }

  // --- at its end ----------------------------------------------------------------------------------

  end() {
    const { job, ways } = this;
    const again = el("button", { class: "button button--quiet", type: "button", text: gettext("Use these options"), onclick: () => ways.onAgain(job) });
    const remove = ways.mayEnd(job) && el("button", { class: "button button--quiet", type: "button", text: gettext("Delete"), onclick: () => ways.onDelete(job) });
    return [el("div", { class: "export-row__end" }, this.outcome()), el("div", { class: "export-row__ways" }, again, remove)];
  }

  outcome() {
    const { job } = this;
    if (job.state === "FAILED") {
      return notice("danger", "circle-alert", el("p", { text: job.error || gettext("It was stopped.") }), el("p", { class: "small", text: gettext("Nothing of it is kept. Mend that, then export again.") }));
    }
    if (job.state === "CANCELLED") return el("p", { class: "quiet small", text: gettext("Cancelled; nothing of it is kept.") });
    if (!job.is_offered) {
      return el("p", { class: "quiet small", text: gettext("Its archives are removed. From the same version with the same options the same bytes come again.") });
    }
    const until = job.expires_at && interpolate(gettext("Kept until %(day)s."), { day: day.format(new Date(job.expires_at)) });
    return [el("ul", { class: "export-archives", role: "list" }, job.archives.map(archiveRow)), until && el("p", { class: "quiet small", text: until })];
  }
}

/** "120 of 340 images · a few seconds left". */
export function progressText({ state, done, total, seconds_left: left }) {
  if (state === "WAITING") return gettext("Waiting for a worker…");
  const words = interpolate(gettext("%(done)s of %(total)s images"), { done: formatNumber(done), total: formatNumber(total) });
  if (done >= total) return `${words} · ${gettext("summing up…")}`;
  return left === null ? words : `${words} · ${interpolate(gettext("%(time)s left"), { time: formatDuration(left) })}`;
}

const archiveRow = ({ file_name: name, address, size, sha256 }) =>
  el(
    "li",
    { class: "export-archive" },
    el(
      "a",
      { class: "button export-archive__link", href: address, download: name, title: name },
      icon("download"),
      el("span", { class: "visually-hidden", text: gettext("Download") }),
      el("bdi", { class: "truncate", dir: "ltr", text: name }),
      el("span", { class: "export-archive__size numbers", text: formatBytes(size) }),
    ),
    el("span", { class: "export-archive__sum small quiet" }, "SHA-256 ", el("code", { text: sha256 })),
  );

const notice = (kind, name, ...words) => el("div", { class: `notice notice--${kind}` }, icon(name), el("div", { class: "notice__body" }, words));
