// The trash: the question before it is emptied opens over the page. Everything else is the server's.

import { $ } from "../lib/dom.js";

const dialog = $("#empty-trash");
const opener = $("[data-empty-trash]");

if (dialog && opener) {
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
  });
  $("[data-close]", dialog).addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
