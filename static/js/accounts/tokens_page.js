// A token that was just made is copied at a press.

import { offerCopy } from "../lib/copy.js";
import { $ } from "../lib/dom.js";
import { gettext } from "../lib/i18n.js";

const secret = $("[data-secret]");
if (secret) offerCopy(secret, $("[data-copy]"), gettext("The token is copied."));
