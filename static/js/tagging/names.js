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
export const folded = (text) => tidy(text).toLocaleLowerCase();
