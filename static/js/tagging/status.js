// The line that always says what is stored.

import { gettext, interpolate, ngettext } from "../lib/i18n.js";

const SAY_AFTER = 500;

export class SaveState {
  /** `onRetry` tries again now, `onShow` goes to what needs a person; `tags()` is how many the image has. */
  constructor({ line, live, login, onRetry, onShow, tags }) {
    Object.assign(this, { line, live, onRetry, onShow, tags });
    this.text = line.querySelector("[data-save-text]");
    this.button = line.querySelector("[data-save-action]");
    this.login = line.querySelector("[data-save-login]");
    this.login.href = login;
    this.button.addEventListener("click", () => this.act());
    this.last = "saved";
  }

  render(status) {
    const { text, action, login = false } = this.words(status);
    this.status = status;
    this.line.dataset.state = status.state;
    if (this.text.textContent !== text) this.text.textContent = text;
    this.button.textContent = action ?? "";
    this.button.hidden = !action;
    this.login.hidden = !login;
    if (status.state !== this.last) this.saySoon();
    this.last = status.state;
  }

  words({ state, waiting, detail, status }) {
    if (state === "saved") return { text: gettext("Saved") };
    if (state === "saving") return { text: gettext("Saving…") };
    if (state === "gone") return { text: gettext("Needs your attention") };
    if (state === "conflict") return { text: gettext("Needs your attention"), action: gettext("Show") };
    const count = interpolate(ngettext("%(count)s waiting", "%(count)s waiting", waiting), { count: waiting });
    if (state === "offline") return { text: `${gettext("Offline")} — ${count}`, action: gettext("Try now") };
    if (status === 401) return { text: `${gettext("Signed out")} (${count})`, login: true };
    // Or the page is older than the last sign-in: either way the sign-in page helps.
    if (status === 403) return { text: `${gettext("Not allowed")} (${count})`, login: true };
    return { text: `${detail} (${count})`, action: gettext("Try now") };
  }

  act() {
    if (this.status.state === "conflict") this.onShow();
    else this.onRetry();
  }

  /** Said once things have settled: a save takes less time than saying "saving". */
  saySoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.last !== "saving") this.live.textContent = this.spoken();
    }, SAY_AFTER);
  }

  spoken() {
    if (this.last !== "saved") return this.text.textContent;
    const count = this.tags();
    return interpolate(ngettext("Saved, %(count)s tag", "Saved, %(count)s tags", count), { count });
  }
}
