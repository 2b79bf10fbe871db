// What makes a picture worth a look before it is trained with, in words.

import { gettext } from "../lib/i18n.js";

const WORDS = {
  small: gettext("too small"),
  blurred: gettext("blurred"),
  extreme: gettext("extreme shape"),
};

export const flagWords = (image) => image.flags.map((flag) => WORDS[flag] ?? flag);
