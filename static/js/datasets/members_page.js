// The members of a dataset: the link is copied at a press, and what was done is said aloud. All else is the server's.

import { offerCopy } from "../lib/copy.js";
import { $ } from "../lib/dom.js";
import { gettext } from "../lib/i18n.js";

const link = $("[data-link]");
if (link) offerCopy(link, $("[data-copy]"), gettext("The link is copied."));

// Forty buttons that change nothing hide the few things that can be done.
for (const form of document.querySelectorAll("[data-role-form]")) {
  const role = form.elements.role;
  const before = [...role.options].find((option) => option.defaultSelected)?.value;
  const show = () => form.classList.toggle("is-same", role.value === before);
  role.addEventListener("change", show);
  show();
}

// A live region says what changes in it, not what it begins with.
const told = $(".notices")?.textContent.trim();
if (told) setTimeout(() => ($("[data-members-status]").textContent = told), 300);
