// Two people wrote one caption: both texts side by side, and a person chooses. Nothing is lost before they did.

export class ConflictPanel {
  /** `onResolve(choice, mine)` with "mine", "theirs" or "both". */
  constructor({ root, onResolve }) {
    this.panel = root.querySelector("[data-conflict]");
    this.input = root.querySelector("[data-caption]");
    this.mine = null;
    this.panel.addEventListener("click", (event) => {
      const choice = event.target.closest("[data-resolve]")?.dataset.resolve;
      if (choice) onResolve(choice, this.mine);
    });
  }

  render(conflict, theirs) {
    this.panel.hidden = conflict === null;
    this.input.hidden = conflict !== null;
    this.mine = conflict?.mine ?? null;
    if (conflict === null) return;
    this.panel.querySelector("[data-mine]").textContent = conflict.mine || "—";
    this.panel.querySelector("[data-theirs]").textContent = theirs || "—";
  }

  focus() {
    this.panel.scrollIntoView({ block: "nearest" });
    this.panel.focus();
  }
}
