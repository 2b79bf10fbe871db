// Files dropped on the page of a dataset: a browser cannot take files along to another page, so the import page
// comes here instead.

import { mountImportPage } from "./import_page.js";

/** Fails before anything is touched where the page cannot be had; `leave()` ends what the page here does. */
export async function showImportPage(address, held, leave) {
  const response = await fetch(address, { credentials: "same-origin" });
  if (!response.ok) throw new Error(response.statusText);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  // Somebody who was signed out meanwhile gets another page.
  if (!page.querySelector("[data-import]")) throw new Error(response.url);
  leave();
  history.pushState(null, "", address);
  // Going back from here is a step to another page, which only the server can print.
  window.addEventListener("popstate", () => location.reload());
  document.title = page.title;
  for (const selector of [".breadcrumbs", "main"]) document.querySelector(selector).replaceWith(document.adoptNode(page.querySelector(selector)));
  document.querySelector(".bottom-bar")?.remove();
  document.querySelector("main").focus();
  return mountImportPage(document.querySelector("[data-import]"), held);
}
