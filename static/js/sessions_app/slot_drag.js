// Dragging what lies on a key onto another key. Buttons do the same by keyboard; a press that moves nowhere is a click.

const FROM = 6;

export class SlotDrag {
  /**
   * `places` is the selector of what holds a key, told by its `data-slot` or `data-row`; `handle` of what may be dragged
   * in it. `onDrop(from, to)` hears of a tag that was let go over another key.
   */
  constructor(root, { places, handle, onDrop }) {
    Object.assign(this, { root, places, handle, onDrop });
    this.drag = null;
    root.addEventListener("pointerdown", (event) => this.start(event));
    // The click that ends a drag is none.
    root.addEventListener("click", (event) => this.swallow(event), { capture: true });
  }

  slotOf(place) {
    return Number(place.dataset.slot ?? place.dataset.row);
  }

  placeAt(event) {
    const under = document.elementFromPoint(event.clientX, event.clientY)?.closest(this.places);
    return under && this.root.contains(under) ? under : null;
  }

  start(event) {
    const held = event.target.closest(this.handle);
    const place = held?.closest(this.places);
    if (!place || event.button !== 0) return;
    const drag = { place, from: this.slotOf(place), x: event.clientX, y: event.clientY, isOn: false, over: null };
    const move = (moved) => this.move(drag, moved);
    const stop = (ended) => {
      for (const [name, listener] of listeners) window.removeEventListener(name, listener);
      this.end(drag, ended.type === "pointerup");
    };
    const listeners = [["pointermove", move], ["pointerup", stop], ["pointercancel", stop]];
    for (const [name, listener] of listeners) window.addEventListener(name, listener);
  }

  move(drag, event) {
    if (!drag.isOn && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < FROM) return;
    drag.isOn = true;
    drag.place.classList.add("slot--held");
    const over = this.placeAt(event);
    if (over === drag.over) return;
    drag.over?.classList.remove("slot--target");
    drag.over = over === drag.place ? null : over;
    drag.over?.classList.add("slot--target");
  }

  end(drag, isDropped) {
    if (!drag.isOn) return;
    drag.place.classList.remove("slot--held");
    drag.over?.classList.remove("slot--target");
    this.hasDragged = true;
    setTimeout(() => (this.hasDragged = false), 0);
    if (isDropped && drag.over) this.onDrop(drag.from, this.slotOf(drag.over));
  }

  swallow(event) {
    if (!this.hasDragged) return;
    event.preventDefault();
    event.stopPropagation();
    this.hasDragged = false;
  }
}
