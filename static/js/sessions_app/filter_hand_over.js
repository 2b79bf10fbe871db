// The filter and the order of the grid go along: into the form of a new session, and to the desk, which leads past what
// the grid shows, from the picture that was opened.

import { $, $$ } from "../lib/dom.js";
import { postJson } from "../lib/http.js";
import { toastError } from "../lib/toast.js";

// The orders of the grid that a session has, too.
const ORDERS = { added: "POSITION", newest: "NEWEST", name: "NAME" };

export class FilterHandOver {
  constructor(page) {
    this.page = page;
    this.form = $("[data-start-form]");
    this.isLeaving = false;
    for (const link of $$("[data-start-session]")) link.addEventListener("click", () => this.fillForm(), { capture: true });
    for (const link of $$("[data-to-desk]")) link.addEventListener("click", (event) => this.toDesk(event, link.href));
    // After the selection, which prevents what opens no picture.
    page.host.addEventListener("click", (event) => this.clicked(event));
    window.addEventListener("pageshow", () => (this.isLeaving = false));
  }

  fillForm() {
    $("[name=filter]", this.form).value = this.page.query.filter;
    const order = this.form.querySelector(`[name=order][value="${this.order}"]`);
    if (order) order.checked = true;
  }

  get order() {
    const { order } = this.page.query;
    const value = ORDERS[order] ?? ORDERS.added;
    return this.form.querySelector(`[name=order][value="${value}"]`) ? value : ORDERS.added;
  }

  /** Without either, the desk's own way leads past the same pictures in the same order. */
  get isNarrowed() {
    return this.page.query.filter !== "" || this.order !== ORDERS.added;
  }

  clicked(event) {
    const link = event.target.closest(".cell[data-image] .cell__link");
    if (link && event.button === 0) this.toDesk(event, link.href);
  }

  async toDesk(event, address) {
    if (event.defaultPrevented || !this.isNarrowed || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    // A second click of a double one would ask again.
    if (this.isLeaving) return;
    this.isLeaving = true;
    try {
      const asked = { filter: this.page.query.filter, order: this.order, goes_on: true };
      const walk = await postJson($("[data-to-desk]").dataset.toDesk, asked);
      location.assign(`${address}?walk=${walk.id}`);
    } catch (error) {
      this.isLeaving = false;
      toastError(error);
    }
  }
}
