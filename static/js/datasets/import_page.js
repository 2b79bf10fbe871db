// The import page: choose, send, follow, done. One page before, during and after an import.

import { $, $$, throttle } from "../lib/dom.js";
import { getJson, postJson } from "../lib/http.js";
import { gettext, interpolate, ngettext } from "../lib/i18n.js";
import { formatNumber } from "../lib/format.js";
import { toast } from "../lib/toast.js";
import { IMPORT_PROGRESS } from "../live/messages.js";
import { openSocket } from "../live/socket.js";
import { Brought } from "./brought.js";
import { dropAnywhere } from "./drop_anywhere.js";
import { openFiles, readDrop, readInput } from "./dropped.js";
import { FileList } from "./file_list.js";
import { Hasher } from "./hasher.js";
import { ImportView } from "./import_view.js";
import { Latest } from "./latest.js";
import { fetchWaiting, pairRenamed, pairUp, resized, showMissing, unpaired } from "./missing.js";
import { Refusals } from "./refusals.js";
import { Stall } from "./stall.js";
import { TextsPanel } from "./texts_panel.js";
import { inBatches } from "./upload_order.js";
import { UploadQueue } from "./upload_queue.js";
import { Zips } from "./zips.js";

const API = "/api/v1/imports";
const NOTHING = {
  state: "OPEN", total: 0, done: 0, waiting: 0, held: 0, ready: 0, duplicates: 0, sidecars: 0, skipped: 0, failed: 0,
  rate: 0, latest: [], cancelled: false, retryable: 0,
};
const NO_MORE = { count: 0, read: async () => [] };
const pathOf = ({ folder, name }) => (folder ? `${folder}/${name}` : name);
const isZip = ({ name }) => /\.zip$/i.test(name);

class ImportPage {
  constructor(root) {
    this.root = root;
    this.view = new ImportView(root);
    this.hasher = new Hasher(root.dataset.hashWorker);
    // Ready before the first file is there.
    this.hasher.start();
    this.queue = null;
    this.progress = NOTHING;
    this.missing = [];
    this.unreadable = [];
    // Choices that could not be sent, and the import that is being made.
    this.unsent = [];
    this.beginning = null;
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
    const onClick = (selector, run) => {
      for (const button of $$(selector, this.root)) button.addEventListener("click", () => this.busily(button, run));
    };
    onClick("[data-finish-without]", () => this.finishWithout());
    onClick("[data-cancel]", () => this.cancel());
    onClick("[data-retry]", () => this.retry());
    for (const [selector, run, other] of [
      ["[data-pause]", () => this.queue?.pause(), "[data-resume]"],
      ["[data-resume]", () => this.queue?.goOn(), "[data-pause]"],
    ]) {
      $(selector, this.root).addEventListener("click", () => {
        this.view.trouble("");
        run();
        this.draw();
        // The button goes away; its twin takes the focus along.
        $(other, this.root).focus();
      });
    }
    const overlay = document.querySelector("[data-drop-overlay]");
    // Not for who only looks.
    if (overlay) dropAnywhere(overlay, (held) => this.dropped(held));
    window.addEventListener("beforeunload", (event) => {
      if (this.isSending) event.preventDefault();
    });
  }

  /** Run what a button does, with the button off meanwhile; a failure is told with the way to try again. */
  async busily(button, run) {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    this.clearTrouble();
    try {
      await run();
    } catch (error) {
      const again = { label: gettext("Try again"), run: () => this.busily(button, run) };
      this.view.trouble(error.detail ?? String(error), again);
    } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  }

  /** Take away what was told. What had stopped is tried again, and tells again where it still fails. */
  clearTrouble() {
    this.view.trouble("");
    this.queue?.tryAgain();
  }

  /** Tell what went wrong; what a stopped queue asks for stays on offer beside it. */
  trouble(text) {
    const goOn = {
      label: gettext("Go on"),
      run: () => {
        this.view.trouble("");
        this.queue?.goOn();
      },
    };
    this.view.trouble(text, this.queue?.isStopped ? goOn : null);
  }

  // --- What a person brings -------------------------------------------------------------------------

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
    this.unreadable.push(...unreadable);
    // A few files are opened and sent at once, all others while those are on their way.
    const [first = [], ...others] = inBatches(files);
    const opened = await this.open(first);
    this.view.notReading();
    if (wasIdle) this.view.phase = "idle";
    const rest = others.flat();
    if (!opened.length && !rest.length && this.unreadable.length) this.nothingReadable();
    else this.chosen(opened, { count: rest.length, read: () => this.open(rest) });
  }

  async open(walked) {
    const { files, unreadable } = await openFiles(walked);
    this.unreadable.push(...unreadable);
    return files;
  }

  nothingReadable() {
    this.listUnreadable();
    this.trouble(gettext("Nothing of what you dropped could be read. The list says why."));
  }

  listUnreadable() {
    // Without an import there is no list yet: the one that begins later starts a list of its own.
    if (this.unreadable.length) this.refusals ??= new Refusals(this.root, this.address);
    for (const { name, reason } of this.unreadable.splice(0)) this.refusals.addLocal(name, reason);
  }

  /** Files that a person chose; `rest` are more of them that have yet to be opened, where there are any. */
  async chosen(files, rest = NO_MORE) {
    if (!files.length && !rest.count) {
      this.trouble(gettext("There are no files in what you chose."));
      return;
    }
    this.clearTrouble();
    try {
      if (!this.job || this.progress.state === "DONE") {
        await this.begin();
        await this.send(files, rest);
      } else if (this.stall.isWaiting) await this.resume([...files, ...(await rest.read())]);
      else await this.send(files, rest);
    } catch (error) {
      this.unsent.push({ files, rest });
      this.view.trouble(error.detail ?? String(error), { label: gettext("Try again"), run: () => this.chooseUnsent() });
      if (!this.job) this.view.phase = "idle";
    }
  }

  /** One notice stands for all choices that failed. */
  chooseUnsent() {
    for (const { files, rest } of this.unsent.splice(0)) this.chosen(files, rest);
  }

  // --- Send -----------------------------------------------------------------------------------------

  /** Make an import on the server and give this page its address; choices made meanwhile belong to the same. */
  async begin() {
    this.beginning ??= this.makeImport().finally(() => {
      this.beginning = null;
    });
    await this.beginning;
  }

  async makeImport() {
    const job = await postJson(this.root.dataset.importsAddress, { asks_about_sidecars: true });
    this.socket?.close();
    this.progress = NOTHING;
    this.queue = null;
    this.forgetMissing();
    history.replaceState(null, "", job.page);
    this.follow(job.id);
  }

  async send(files, rest = NO_MORE) {
    this.listUnreadable();
    this.makeQueue();
    this.view.phase = "running";
    this.redraw();
    const { count, read } = this.brought.addRest(rest);
    await this.queue.add(this.bring(this.brought.add(files)), { count, read: async () => this.bring(await read()) });
    await this.finish();
  }

  bring(files) {
    this.listUnreadable();
    this.refusals.forgetLocal(files.map(pathOf));
    if (files.some(isZip)) this.zips.expect();
    return files;
  }

  /** Files were brought while others are missing; where nobody was told of that yet, they may be new ones. */
  async resume(files) {
    this.listUnreadable();
    const wasAsked = this.missing.length > 0;
    const missing = wasAsked ? this.missing : await fetchWaiting(this.address);
    const pairs = await this.findMissing(missing, files);
    if (!pairs.length && !wasAsked) {
      await this.send(files);
      return;
    }
    this.tellUnfound(missing, files, pairs);
    if (!pairs.length) return;
    const text = ngettext("Sending %(found)s of %(count)s missing file", "Sending %(found)s of %(count)s missing files", missing.length);
    this.view.speak(interpolate(text, { found: formatNumber(pairs.length), count: formatNumber(missing.length) }));
    await this.sendPairs(pairs);
  }

  async sendPairs(pairs) {
    this.forgetMissing();
    this.refusals.forgetLocal(pairs.map(({ item }) => pathOf(item)));
    this.makeQueue();
    this.queue.resume(pairs);
    await this.finish();
  }

  /** Find missing files among those that were brought again. */
  async findMissing(missing, files) {
    const pairs = pairUp(missing, files);
    const { rest, others } = unpaired(missing, files, pairs);
    if (rest.length && others.length) pairs.push(...(await pairRenamed(rest, others, this.hasher)));
    return pairs;
  }

  /** Say what is wrong with the missing files that were not found. */
  tellUnfound(missing, files, pairs) {
    const { rest, others } = unpaired(missing, files, pairs);
    const changed = resized(rest, others);
    if (changed.length) {
      const text = ngettext(
        "“%(name)s” has another size than before. Finish without it, then add it as a new file.",
        "“%(name)s” and others, %(count)s in all, have another size than before. Finish without them, then add them as new files.",
        changed.length,
      );
      this.trouble(interpolate(text, { name: changed[0].name, count: formatNumber(changed.length) }));
    } else if (!pairs.length) {
      this.trouble(gettext("None of these files is missing here. Drop the folder that this import was started with."));
    }
  }

  /** When all is sent, say that the list is complete. */
  async finish() {
    const { queue, address } = this;
    await queue?.whenIdle();
    // A cancelled import has no queue any more.
    if (!queue || queue !== this.queue) return;
    let progress;
    try {
      progress = await queue.persist(() => postJson(`${address}/seal`, {}));
    } catch (error) {
      if (queue.isCancelled) return;
      throw error;
    } finally {
      // Not before: the queue may be paused, or stopped, and nobody could let it go on. Files that were dropped
      // meanwhile came with a call of their own, which seals after them.
      if (queue === this.queue && !queue.isBusy) this.queue = null;
    }
    if (address === this.address) this.moved(progress);
  }

  makeQueue() {
    this.stall.isSureToMiss = false;
    this.queue ??= new UploadQueue(this.address, this.hasher, this.files, {
      onMove: () => this.redraw(),
      onTrouble: (text) => this.view.trouble(text && interpolate(gettext("%(what)s Trying again…"), { what: text })),
      onStopped: (text) => this.trouble(text),
      onLost: (item, text) => this.refusals.addLocal(pathOf(item), text),
      onChanged: () => this.toldOfChanges(),
    });
  }

  toldOfChanges() {
    const count = this.queue.changed;
    const text = ngettext(
      "%(count)s file has changed since it was first chosen. It is sent as it is now.",
      "%(count)s files have changed since they were first chosen. They are sent as they are now.",
      count,
    );
    this.view.trouble(interpolate(text, { count: formatNumber(count) }));
  }

  // --- Stop and try again ---------------------------------------------------------------------------

  /** What never came is given up: the server refuses it, and the import ends with the rest. */
  async finishWithout() {
    const progress = await postJson(`${this.address}/finish`, {});
    this.forgetMissing();
    this.view.focusProgress();
    this.moved(progress);
  }

  async cancel() {
    const { queue } = this;
    queue?.pause();
    let progress;
    try {
      progress = await postJson(`${this.address}/cancel`, {});
    } catch (error) {
      queue?.goOn();
      throw error;
    }
    queue?.cancel();
    this.queue = null;
    this.forgetMissing();
    this.moved(progress);
    const count = progress.skipped + this.brought.left;
    const text = ngettext("Cancelled. %(count)s file was left out.", "Cancelled. %(count)s files were left out.", count);
    toast(interpolate(text, { count: formatNumber(count) }), {
      action: { label: gettext("Undo"), run: () => this.busily($("[data-retry]", this.root), () => this.retry()) },
    });
  }

  /** Try again what was refused for a reason that can pass, or left out by cancelling. */
  async retry() {
    const wasCancelled = this.progress.cancelled;
    const { items } = await postJson(`${this.address}/retry`, { items: null });
    if (!items.length) {
      await this.retryNothing(wasCancelled);
      return;
    }
    this.progress = { ...this.progress, state: "OPEN", cancelled: false, retryable: 0 };
    this.listenToServer();
    this.view.phase = "running";
    this.view.focusProgress();
    this.redraw();
    // A cancelled list may not have been announced to its end: whatever is known already is not announced twice.
    if (wasCancelled && this.brought.files.size) this.sendAgain(() => this.send([...this.brought.files], this.brought.takeRest()));
    else {
      const lacks = items.filter(({ id, state }) => state === "WAITING" && this.files.has(id));
      const pairs = lacks.map(({ id, received }) => {
        const { item, file } = this.files.get(id);
        return { file, item: { ...item, received } };
      });
      if (pairs.length) this.sendAgain(() => this.sendPairs(pairs));
      // Files that this page has not in its hands: it asks for them at once.
      if (lacks.length < items.filter(({ state }) => state === "WAITING").length) this.stall.isSureToMiss = true;
      else this.moved(await postJson(`${this.address}/seal`, {}));
    }
  }

  /** A cancelled import of which all announced files have their end takes no more: the others come in another one. */
  async retryNothing(wasCancelled) {
    const { brought } = this;
    if (!wasCancelled || !brought.left) {
      this.moved(await getJson(this.address));
      return;
    }
    await this.begin();
    this.sendAgain(() => this.send(brought.unannounced, brought.takeRest()));
    this.view.focusProgress();
  }

  /** It may take hours; the button that began it is free meanwhile. */
  sendAgain(run) {
    run().catch((error) => this.trouble(error.detail ?? String(error)));
  }

  // --- Follow ---------------------------------------------------------------------------------------

  /** Follow an import: its socket, and asking where there is none. */
  follow(id) {
    this.job = id;
    const address = `${API}/${id}`;
    this.address = address;
    this.files = new Map();
    this.brought = new Brought();
    this.refusals = new Refusals(this.root, this.address);
    this.stall?.stop();
    this.stall = new Stall(this.address, this.progress, {
      isSending: () => this.queue !== null,
      onMissing: (missing) => this.lacks(missing),
      onMoved: (progress) => this.address === address && this.moved(progress),
    });
    this.list?.close();
    this.list = new FileList(this.root, this.address, this.files);
    this.latest = new Latest(this.root);
    this.zips = new Zips(this.address, () => this.redraw());
    this.texts = new TextsPanel(this.root, this.address, {
      onAnswered: async () => {
        // The question goes away, and with it the button that had the focus.
        this.view.focusProgress();
        this.moved(await getJson(this.address));
      },
      onTrouble: (text) => this.trouble(text),
    });
    if (this.progress.state !== "DONE") this.listenToServer();
  }

  listenToServer() {
    this.socket?.close();
    this.socket = openSocket(`/ws/imports/${this.job}/`, {
      onMessage: ({ type, data }) => type === IMPORT_PROGRESS && this.moved(data),
      poll: async () => this.moved(await getJson(this.address)),
    });
    this.stall.progress = this.progress;
    this.stall.start();
  }

  moved(progress) {
    // Cancelled in another window: what is left here has nowhere to go.
    if (progress.cancelled && this.queue) {
      this.queue.cancel();
      this.queue = null;
    }
    this.progress = progress;
    this.stall.moved(progress);
    if (this.zips?.next) this.zips.expect();
    this.redraw();
  }

  draw() {
    const { progress } = this;
    if (!this.job) return;
    this.refusals.expect(progress.failed);
    this.list.show(progress);
    this.latest.show(progress.latest);
    this.texts.show(progress);
    if (progress.state === "DONE" && !this.isSending) {
      this.view.done(progress);
      this.view.phase = "done";
      this.socket?.close();
      this.stall.stop();
      this.forgetMissing();
    } else {
      this.view.phase = "running";
      this.view.progress(progress, this.queue, this.zips.next);
      if (progress.waiting === 0) this.forgetMissing();
    }
  }

  // --- What is missing ------------------------------------------------------------------------------

  forgetMissing() {
    this.missing = [];
    if (this.stall) this.stall.told = 0;
    showMissing(this.root, []);
  }

  lacks(missing) {
    this.missing = missing;
    showMissing(this.root, missing);
    const count = missing.length;
    const text = ngettext("%(count)s file has not arrived", "%(count)s files have not arrived", count);
    this.view.speak(interpolate(text, { count: formatNumber(count) }));
  }

  /** Start from what the server printed. */
  begun() {
    const printed = document.getElementById("import-progress");
    if (!printed) return;
    this.progress = JSON.parse(printed.textContent);
    this.follow(Number(this.root.dataset.job));
    this.stall.hurry();
    this.draw();
  }
}

/** Bring the import page to life; `held` is what was dropped on another page, to be imported at once. */
export function mountImportPage(root, held = null) {
  const page = new ImportPage(root);
  page.begun();
  page.takeWhatWasChosen();
  if (held) page.dropped(held);
  return page;
}
