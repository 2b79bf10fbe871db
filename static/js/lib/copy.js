// A text that is shown once: it comes selected, and a press copies it.

import { gettext } from "./i18n.js";
import { toast } from "./toast.js";

/** Let `button` copy what stands in `field`; it stays away where a page may not write to the clipboard. */
export function offerCopy(field, button, copied) {
  button.hidden = !navigator.clipboard;
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      toast(copied, { seconds: 4 });
    } catch {
      field.focus();
      toast(gettext("It could not be copied. It is selected: copy it by hand."), { seconds: 6 });
    }
  });
  field.focus();
  field.select();
}
