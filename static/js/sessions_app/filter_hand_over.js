// The filter of the grid goes along: into the form of a new session, and to the desk, which leads past what it shows.

import { $, $$ } from "../lib/dom.js";
import { postJson } from "../lib/http.js";
import { toastError } from "../lib/toast.js";

// The orders of the grid that a session has, too.
const ORDERS = { added: "POSITION", newest: "NEWEST", name: "NAME" };

export class FilterHandOver {
  constructor(page) {
    this.page = page;
    this.form = $("[data-start-form]");
    for (const link of $$("[data-start-session]")) link.addEventListener("click", () => this.fillForm(), { capture: true });
    for (const link of $$("[data-to-desk]")) link.addEventListener("click", (event) => this.toDesk(event));
  }

  fillForm() {
    $("[name=filter]", this.form).value = this.page.query.filter;
    const order = this.form.querySelector(`[name=order][value="${this.order}"]`);
    if (order) order.checked = true;
  }

  get order() {
    const { order } = this.page.query;
    const value = ORDERS[order] ?? ORDERS.added;
    return this.form.querySelector(`[name=order][value="${value}"]`) ? value : "";
  }

  /** Under a filter the desk is a session past what matches it. */
  async toDesk(event) {
    const { filter } = this.page.query;
    if (!filter || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const link = event.currentTarget;
    try {
      const walk = await postJson(link.dataset.toDesk, { filter, ...(this.order && { order: this.order }) });
      location.assign(`${link.href}?walk=${walk.id}`);
    } catch (error) {
      toastError(error);
    }
  }
}
