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
    const files = await readDrop(held, (count) => this.view.reading(count));
    this.view.notReading();
    if (wasIdle) this.view.phase = "idle";
    this.chosen(files);
  }

  async chosen(files) {
    if (!files.length) {
      this.view.trouble(gettext("There are no files in what you chose."));
      return;
    }
    this.view.trouble("");
    try {
      if (this.progress.state === "DONE") await this.begin(files);
      else if (this.missing?.length && !this.queue) await this.resume(files);
      else if (this.job) await this.send(files);
      else await this.begin(files);
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
    history.replaceState(null, "", job.page);
    this.follow(job.id);
    await this.send(files);
  }

  async send(files) {
    this.makeQueue();
    this.view.phase = "running";
    this.redraw();
    await this.queue.add(files);
    await this.finish();
  }

  async resume(files) {
    const pairs = pairUp(this.missing, files);
    if (!pairs.length) {
      this.view.trouble(gettext("None of these files is missing here. Drop the folder that this import was started with."));
      return;
    }
    const words = { found: formatNumber(pairs.length), count: formatNumber(this.missing.length) };
    this.view.speak(interpolate(gettext("Sending %(found)s of %(count)s missing files"), words));
    this.missing = [];
    showMissing(this.root, []);
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
      showMissing(this.root, []);
    } else if (this.job) {
      this.view.phase = "running";
      this.view.progress(progress, this.queue);
    }
  }

  watchStall() {
    clearInterval(this.stallTimer);
    this.lastArrival = performance.now();
    this.stallTimer = setInterval(() => this.checkStall(), 1000);
  }

  async checkStall() {
    const waits = this.progress.state === "OPEN" && this.progress.waiting > 0 && !this.queue;
    if (!waits || performance.now() - this.lastArrival < STALLED_AFTER) return;
    if (this.missing?.length === this.progress.waiting) return;
    this.missing = await fetchWaiting(this.address).catch(() => []);
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
