// The line that always says what is stored.

import { gettext, interpolate, ngettext } from "../lib/i18n.js";

const SAY_AFTER = 500;
// A kind of problem (docs/api.md).
const PAGE_TOO_OLD = /:page-too-old$/u;

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
    const kind = `${status.state}${status.isKept === false}`;
    if (kind !== this.last) this.saySoon();
    this.last = kind;
  }

  words(status) {
    const { state } = status;
    if (state === "saved") return { text: gettext("Saved") };
    if (state === "saving") return { text: gettext("Saving…") };
    if (state === "asks") return { text: gettext("Waits for your answer"), action: gettext("Show") };
    if (state === "gone") return { text: gettext("Needs your attention") };
    if (state === "refused") return { text: gettext("Needs your attention"), action: gettext("Show") };
    if (state === "conflict") return { text: gettext("Conflict"), action: gettext("Show") };
    return this.unsentWords(status);
  }

  unsentWords({ state, waiting, detail, status, kind = "", isKept }) {
    const words = isKept
      ? ngettext("%(what)s (%(count)s waiting)", "%(what)s (%(count)s waiting)", waiting)
      : // The browser refused to keep them: they are nowhere but in this page.
        ngettext("%(what)s (%(count)s waiting, not kept)", "%(what)s (%(count)s waiting, not kept)", waiting);
    const say = (what) => interpolate(words, { what, count: waiting });
    if (state === "offline") return { text: say(gettext("Offline")), action: gettext("Try now") };
    if (status === 401) return { text: say(gettext("Signed out")), login: true };
    // The page is older than the last sign-in: the sign-in page helps. Any other refusal says what it is for.
    if (status === 403 && (!kind || PAGE_TOO_OLD.test(kind))) return { text: say(gettext("Not allowed")), login: true };
    return { text: say(detail), action: gettext("Try now") };
  }

  act() {
    if (["conflict", "refused", "asks"].includes(this.status.state)) this.onShow();
    else this.onRetry();
  }

  /** Said once things have settled: a save takes less time than saying "saving". */
  saySoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.status.state !== "saving") this.live.textContent = this.spoken();
    }, SAY_AFTER);
  }

  spoken() {
    if (this.status.state !== "saved") return this.text.textContent;
    const count = this.tags();
    return interpolate(ngettext("Saved, %(count)s tag", "Saved, %(count)s tags", count), { count });
  }
}
