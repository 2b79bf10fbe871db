// The order of the pictures, chosen from a list.

export function startSorting(select, query) {
  select.value = query.order;
  select.addEventListener("change", () => query.set({ order: select.value }));
  query.addEventListener("change", () => {
    select.value = query.order;
  });
}
