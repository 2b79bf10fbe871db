// Files dropped on the page of a dataset: a browser cannot take files along to another page, so the import page
// comes here instead.

import { toast } from "../lib/toast.js";
import { gettext } from "../lib/i18n.js";
import { mountImportPage } from "./import_page.js";

export async function showImportPage(address, held) {
  let page;
  try {
    const response = await fetch(address, { credentials: "same-origin" });
    if (!response.ok) throw new Error(response.statusText);
    page = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    toast(gettext("The server does not answer. Drop the files again in a moment."), { kind: "danger" });
    return;
  }
  history.pushState(null, "", address);
  // Going back from here is a step to another page, which only the server can print.
  window.addEventListener("popstate", () => location.reload());
  document.title = page.title;
  for (const selector of [".breadcrumbs", "main"]) document.querySelector(selector).replaceWith(document.adoptNode(page.querySelector(selector)));
  document.querySelector(".bottom-bar")?.remove();
  document.querySelector("main").focus();
  mountImportPage(document.querySelector("[data-import]"), held);
}
