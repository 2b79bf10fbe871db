// Numbers, sizes and durations as a person reads them.

import { gettext, interpolate, language, ngettext } from "./i18n.js";

const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });

export const formatNumber = (value) => whole.format(value);

const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });

/** "6.1M" for a number whose size matters and not its digits. */
export const formatShort = (value) => short.format(value);

export const formatRate = (value) => (value < 10 ? oneDigit : whole).format(value);

/** "4.2 MB" for a number of bytes; decimal units, as file managers show them. */
export function formatBytes(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${(value < 10 && unit > 0 ? oneDigit : whole).format(value)} ${units[unit]}`;
}

/** "about 3 minutes" for a number of seconds that is a guess anyway. */
export function formatDuration(seconds) {
  if (seconds < 5) return gettext("a few seconds");
  if (seconds < 55) {
    const tens = seconds < 10 ? 5 : Math.round(seconds / 10) * 10;
    return interpolate(gettext("about %(count)s seconds"), { count: tens });
  }
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) {
    return interpolate(ngettext("about %(count)s minute", "about %(count)s minutes", minutes), { count: minutes });
  }
  const hours = Math.round(minutes / 30) / 2;
  return interpolate(ngettext("about %(count)s hour", "about %(count)s hours", hours), { count: oneDigit.format(hours) });
}
