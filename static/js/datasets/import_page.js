// The import page: choose, send, follow, done. One page before, during and after an import.

import { $, $$, throttle } from "../lib/dom.js";
import { getJson, postJson } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { formatNumber } from "../lib/format.js";
import { IMPORT_PROGRESS } from "../live/messages.js";
import { openSocket } from "../live/socket.js";
import { dropAnywhere } from "./drop_anywhere.js";
import { readDrop, readInput } from "./dropped.js";
import { ImportView } from "./import_view.js";
import { fetchWaiting, pairUp, showMissing } from "./missing.js";
import { Refusals } from "./refusals.js";
import { UploadQueue } from "./upload_queue.js";

const API = "/api/v1/imports";
// Another window may be sending: files count as missing when nothing arrived for this long.
const STALLED_AFTER = 6000;
const NOTHING = { total: 0, done: 0, waiting: 0, ready: 0, duplicates: 0, sidecars: 0, failed: 0, rate: 0, state: "OPEN" };

class ImportPage {
  constructor(root) {
    this.root = root;
    this.view = new ImportView(root);
    this.queue = null;
    this.progress = NOTHING;
    this.missing = [];
    this.unreadable = [];
    this.redraw = throttle(() => this.draw(), 200);
    this.listen();
  }

  get isSending() {
    return this.queue?.isBusy ?? false;
  }

  listen() {
    for (const input of $$("[data-pick-files], [data-pick-folder]", this.root)) {
      input.addEventListener("change", () => this.take(input));
    }
    $("[data-finish-without]", this.root).addEventListener("click", (event) => this.finishWithout(event.currentTarget));
    dropAnywhere(document.querySelector("[data-drop-overlay]"), (held) => this.dropped(held));
    window.addEventListener("beforeunload", (event) => {
      if (this.isSending) event.preventDefault();
    });
  }

  take(input) {
    const files = readInput(input);
    input.value = "";
    this.chosen(files);
  }

  /** On a slow line a person is quicker than this script. */
  takeWhatWasChosen() {
    for (const input of $$("[data-pick-files], [data-pick-folder]", this.root)) if (input.files.length) this.take(input);
  }

  async dropped(held) {
    const wasIdle = this.root.dataset.phase === "idle";
    if (wasIdle) this.view.phase = "reading";
    const { files, unreadable } = await readDrop(held, (count) => this.view.reading(count));
    this.view.notReading();
    if (wasIdle) this.view.phase = "idle";
    this.unreadable.push(...unreadable);
    if (!files.length && unreadable.length) this.nothingReadable();
    else this.chosen(files);
  }

  nothingReadable() {
    this.listUnreadable();
    this.view.trouble(gettext("Nothing of what you dropped could be read. The list says why."));
  }

  listUnreadable() {
    // Without an import there is no list yet: the one that begins later starts a list of its own.
    if (this.unreadable.length) this.refusals ??= new Refusals(this.root, this.address);
    for (const { name, reason } of this.unreadable.splice(0)) this.refusals.addLocal(name, reason);
  }

  async chosen(files) {
    if (!files.length) {
      this.view.trouble(gettext("There are no files in what you chose."));
      return;
    }
    this.view.trouble("");
    try {
      if (!this.job || this.progress.state === "DONE") await this.begin(files);
      else if (this.missing.length && !this.queue) await this.resume(files);
      else await this.send(files);
    } catch (error) {
      this.view.trouble(error.detail ?? String(error), { label: gettext("Try again"), run: () => this.chosen(files) });
      if (!this.job) this.view.phase = "idle";
    }
  }

  /** Make an import on the server and give this page its address. */
  async begin(files) {
    const job = await postJson(this.root.dataset.importsAddress, {});
    this.socket?.close();
    this.progress = NOTHING;
    this.queue = null;
    this.forgetMissing();
    history.replaceState(null, "", job.page);
    this.follow(job.id);
    await this.send(files);
  }

  async send(files) {
    this.listUnreadable();
    this.makeQueue();
    this.view.phase = "running";
    this.redraw();
    await this.queue.add(files);
    await this.finish();
  }

  async resume(files) {
    this.listUnreadable();
    const pairs = pairUp(this.missing, files);
    if (!pairs.length) {
      this.view.trouble(gettext("None of these files is missing here. Drop the folder that this import was started with."));
      return;
    }
    const words = { found: formatNumber(pairs.length), count: formatNumber(this.missing.length) };
    this.view.speak(interpolate(gettext("Sending %(found)s of %(count)s missing files"), words));
    this.forgetMissing();
    this.makeQueue();
    this.queue.resume(pairs);
    await this.finish();
  }

  /** When all is sent, say that the list is complete. */
  async finish() {
    const { queue } = this;
    await queue.whenIdle();
    // Files that were dropped meanwhile came with a call of their own, and the first of the calls seals.
    if (queue !== this.queue) return;
    this.queue = null;
    this.moved(await queue.persist(() => postJson(`${this.address}/seal`, {})));
  }

  /** What never came is given up: the server refuses it, and the import ends with the rest. */
  async finishWithout(button) {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    this.view.trouble("");
    try {
      const progress = await postJson(`${this.address}/finish`, {});
      this.forgetMissing();
      this.moved(progress);
    } catch (error) {
      this.view.trouble(error.detail ?? String(error), { label: gettext("Try again"), run: () => this.finishWithout(button) });
    } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  }

  makeQueue() {
    this.queue ??= new UploadQueue(this.address, {
      onMove: () => this.redraw(),
      onTrouble: (text) => this.view.trouble(text && interpolate(gettext("%(what)s Trying again…"), { what: text })),
      onStopped: (text) =>
        this.view.trouble(text, {
          label: gettext("Go on"),
          run: () => {
            this.view.trouble("");
            this.queue?.goOn();
          },
        }),
      onLost: (name, text) => this.refusals.addLocal(name, text),
    });
  }

  /** Follow an import: its socket, and asking where there is none. */
  follow(id) {
    this.job = id;
    this.address = `${API}/${id}`;
    this.refusals = new Refusals(this.root, this.address);
    if (this.progress.state === "DONE") return;
    this.socket = openSocket(`/ws/imports/${id}/`, {
      onMessage: ({ type, data }) => type === IMPORT_PROGRESS && this.moved(data),
      poll: async () => this.moved(await getJson(this.address)),
    });
    this.watchStall();
  }

  moved(progress) {
    if (progress.waiting !== this.progress.waiting) this.lastArrival = performance.now();
    this.progress = progress;
    this.redraw();
  }

  draw() {
    const { progress } = this;
    if (this.refusals) this.refusals.expect(progress.failed);
    if (progress.state === "DONE" && !this.isSending) {
      this.view.done(progress);
      this.view.phase = "done";
      this.socket?.close();
      clearInterval(this.stallTimer);
      this.forgetMissing();
    } else if (this.job) {
      this.view.phase = "running";
      this.view.progress(progress, this.queue);
      if (progress.waiting === 0) this.forgetMissing();
    }
  }

  forgetMissing() {
    this.missing = [];
    showMissing(this.root, []);
  }

  watchStall() {
    clearInterval(this.stallTimer);
    this.lastArrival = performance.now();
    this.stallTimer = setInterval(() => this.checkStall(), 1000);
  }

  /** Whether files are announced that this page does not send. */
  get isWaiting() {
    return this.progress.state === "OPEN" && this.progress.waiting > 0 && !this.queue;
  }

  async checkStall() {
    if (!this.isWaiting || performance.now() - this.lastArrival < STALLED_AFTER) return;
    if (this.missing.length === this.progress.waiting) return;
    const missing = await fetchWaiting(this.address).catch(() => []);
    // Somebody may have brought them, or given them up, while this was asked.
    if (!this.isWaiting) return;
    this.missing = missing;
    showMissing(this.root, this.missing);
    this.view.speak(
      interpolate(ngettext("%(count)s file has not arrived", "%(count)s files have not arrived", this.missing.length), {
        count: this.missing.length,
      }),
    );
  }

  /** Start from what the server printed. */
  open() {
    const printed = document.getElementById("import-progress");
    if (!printed) return;
    this.progress = JSON.parse(printed.textContent);
    this.follow(Number(this.root.dataset.job));
    // A page that nobody sends from may say at once what is missing; another window that sends makes it go away.
    this.lastArrival -= STALLED_AFTER / 2;
    this.draw();
  }
}

/** Bring the import page to life; `held` is what was dropped on another page, to be imported at once. */
export function mountImportPage(root, held = null) {
  const page = new ImportPage(root);
  page.open();
  page.takeWhatWasChosen();
  if (held) page.dropped(held);
  return page;
}
