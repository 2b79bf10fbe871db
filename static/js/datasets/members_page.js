// The members of a dataset: the link is copied at a press, and what was done is said aloud. All else is the server's.

import { $ } from "../lib/dom.js";
import { gettext } from "../lib/i18n.js";
import { toast } from "../lib/toast.js";

const link = $("[data-link]");
const copy = $("[data-copy]");

if (link && copy) {
  copy.hidden = !navigator.clipboard;
  link.addEventListener("focus", () => link.select());
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(link.value);
      toast(gettext("The link is copied."), { seconds: 4 });
    } catch {
      link.focus();
      toast(gettext("It could not be copied. It is selected: copy it by hand."), { seconds: 6 });
    }
  });
  link.focus();
}

// A live region says what changes in it, not what it begins with.
const told = $(".notices")?.textContent.trim();
if (told) setTimeout(() => ($("[data-members-status]").textContent = told), 300);
