// A rename, merge or split of many images goes on by itself: each answer does a few seconds' work.

import { $ } from "../lib/dom.js";

const form = $("[data-goes-on]");
// A moment in which the number can be read, and the page left.
if (form) setTimeout(() => form.requestSubmit(), 300);
