// The page's texts: Django's catalogue (`texts.js`, a plain script) where it was loaded, else the text itself.

const page = globalThis;

export const gettext = (text) => (page.gettext ? page.gettext(text) : text);

export const ngettext = (one, many, count) => {
  if (page.ngettext) return page.ngettext(one, many, count);
  return count === 1 ? one : many;
};

/** Fill `%(name)s` in a text with the values given by name. */
export const interpolate = (text, values) =>
  text.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));

/** Language of the page, for numbers and dates. */
export const language = document.documentElement.lang || "en";
