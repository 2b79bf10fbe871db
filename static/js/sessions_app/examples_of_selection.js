// In the grid: the selected pictures show what a tag means.

import { gettext } from "../lib/i18n.js";
import { toast } from "../lib/toast.js";
import { ExampleDialog } from "../tagging/example_dialog.js";

const MOST = 6;

export class ExamplesOfSelection {
  constructor(page) {
    this.page = page;
    this.dialog = null;
  }

  actions() {
    const group = gettext("On what is selected");
    const can = () => !this.page.selection.isEmpty;
    return [{ id: "exampleOfSelected", group, label: gettext("Use as examples of a tag…"), keys: [], when: "reading", mode: "grid", can, run: () => can() && this.open() }];
  }

  open() {
    const { images } = this.page.selection.target;
    if (images === null || images.length > MOST) {
      toast(gettext("At most six pictures show a tag: select fewer."), { seconds: 6 });
      return;
    }
    this.dialog ??= new ExampleDialog({
      api: document.querySelector("#palette").dataset.api,
      datasetId: this.page.id,
      onClosed: () => this.page.grid.focusCell(),
    });
    this.dialog.open(images);
  }
}
