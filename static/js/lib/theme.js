// Auto, light, dark: kept in a cookie, so that the server paints the first frame right.

import { gettext, interpolate } from "./i18n.js";

const ORDER = ["auto", "light", "dark"];
const YEAR = 365 * 24 * 3600;
const NAMES = { auto: gettext("like the system"), light: gettext("light"), dark: gettext("dark") };

const root = document.documentElement;
const button = document.querySelector("[data-theme-switch]");

function label() {
  const text = interpolate(gettext("Theme: %(name)s"), { name: NAMES[root.dataset.theme] });
  button.setAttribute("aria-label", text);
  button.title = text;
}

function turn() {
  const next = ORDER[(ORDER.indexOf(root.dataset.theme) + 1) % ORDER.length];
  root.dataset.theme = next;
  document.cookie = `theme=${next}; path=/; max-age=${YEAR}; samesite=lax`;
  label();
}

if (button) {
  label();
  button.addEventListener("click", turn);
  button.hidden = false;
}
