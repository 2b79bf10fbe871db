// How a tag is spelled, as far as the page must know it: the server has the last word (`tagging/text.py`).

const LONGEST = 200;

/** One spelling: NFC, one line, no blanks at the ends. */
export const tidy = (text) => text.replace(/\s+/gu, " ").trim().normalize("NFC");

/** The tags of a typed or pasted list, split at commas and line breaks, each once. */
export function splitList(text) {
  const names = text.split(/[,\n\r]/u).map(tidy).filter(Boolean);
  return [...new Set(names)];
}

/** Whether the server would refuse it for its length. */
export const isTooLong = (name) => [...name].length > LONGEST;

/** For comparing what a person means, not what they typed. */
export const folded = (text) => tidy(text).toLocaleLowerCase().replaceAll("_", " ");

/** How a name can match a text, the best first; a typo is found by the server alone. */
export const MATCHES = ["exact", "prefix", "word", "initials", "inside", "typo"];

const LETTER = /[\p{L}\p{N}\p{M}']/u;

/** How a folded name matches a folded text, or `null`. */
export function matchOf(name, text) {
  if (name === text) return "exact";
  if (name.startsWith(text)) return "prefix";
  if (wordStart(name, text) >= 0) return "word";
  const words = name.split(/[^\p{L}\p{N}\p{M}']+/u).filter(Boolean);
  const initials = words.length > 1 ? words.map((word) => word[0]).join("") : "";
  if (text.length > 1 && initials.startsWith(text)) return "initials";
  return name.includes(text) ? "inside" : null;
}

/** Where a word that starts with the text begins; -1 where none does. */
export function wordStart(name, text) {
  let at = name.indexOf(text);
  while (at > 0 && (LETTER.test(name[at - 1]) || !LETTER.test(name[at]))) at = name.indexOf(text, at + 1);
  return at;
}
