// Filter and order of the grid: they live in the address, so that Back, a reload and a shared link lead to the same place.

/** Tells `change` when another filter or order holds, with `detail.isBack` where the browser led there. */
export class GridQuery extends EventTarget {
  /** `printed` is what the server read from the address: {filter, order}. */
  constructor(printed, usual = "added") {
    super();
    this.usual = usual;
    this.filter = printed.filter;
    this.order = printed.order || usual;
    window.addEventListener("popstate", () => this.wentBack());
  }

  /** The words of the API. */
  get words() {
    return { filter: this.filter, order: this.order };
  }

  /** The part of an address behind its path; empty for all images in their usual order. */
  get search() {
    const search = new URLSearchParams();
    if (this.filter) search.set("filter", this.filter);
    if (this.order !== this.usual) search.set("order", this.order);
    const text = search.toString();
    return text && `?${text}`;
  }

  /** Let another filter or order hold, as an entry of the browser's history. */
  set({ filter = this.filter, order = this.order }) {
    if (filter === this.filter && order === this.order) return;
    Object.assign(this, { filter, order });
    history.pushState(null, "", `${location.pathname}${this.search}`);
    this.tell(false);
  }

  /** Write the address as it is written now; old links spell it in other words. */
  tidy() {
    history.replaceState(history.state, "", `${location.pathname}${this.search}${location.hash}`);
  }

  wentBack() {
    const search = new URLSearchParams(location.search);
    const filter = search.get("filter") ?? "";
    const order = search.get("order") ?? this.usual;
    if (filter === this.filter && order === this.order) return;
    Object.assign(this, { filter, order });
    this.tell(true);
  }

  tell(isBack) {
    this.dispatchEvent(new CustomEvent("change", { detail: { isBack } }));
  }
}
