// Conditions of the filter language as text: what is written for a tag, and finding it again in what is there.

const WORDS = new Set(["and", "or", "not"]);
const NEEDS_QUOTES = /[\s"():,|&*?\\~<>=!]|^[-_]/u;

/**
 * A tag as a condition: bare where it reads as itself, with underscores for blanks; else in quotes, where signs that stand
 * for others mean themselves.
 */
export function termOf(name) {
  const bare = name.replaceAll(" ", "_");
  return !NEEDS_QUOTES.test(bare) && !WORDS.has(bare.toLowerCase()) ? bare : quoted(name);
}

const quoted = (name) => `"${name.replace(/[\\*?]/gu, "\\$&").replaceAll('"', '""')}"`;

/** The conditions of a filter, as they are written side by side; `null` where it is more than a row of them. */
export function termsOf(filter) {
  const terms = filter.match(/(?:[^\s"()]|"(?:[^"]|"")*")+|[()]/gu) ?? [];
  const isRow = terms.every((term) => term !== "(" && term !== ")" && !WORDS.has(term.toLowerCase()));
  return isRow ? terms : null;
}

/** The ways in which a tag is written, the shortest first. */
const spellings = (name) => [termOf(name), quoted(name)].flatMap((term) => [term, `tag:${term}`]);

/** How a filter asks for a tag: "with", "without", or "" where it does not. */
export function sideOf(filter, name) {
  const terms = termsOf(filter) ?? [];
  if (spellings(name).some((term) => terms.includes(term))) return "with";
  return spellings(name).some((term) => terms.includes(`-${term}`)) ? "without" : "";
}

/** The filter with a tag asked for, or ruled out; pressed a second time it is neither. */
export function withTag(filter, name, side) {
  const wanted = side === "without" ? `-${termOf(name)}` : termOf(name);
  const terms = termsOf(filter);
  if (terms === null) return `(${filter}) ${wanted}`;
  const ours = new Set(spellings(name).flatMap((term) => [term, `-${term}`]));
  const rest = terms.filter((term) => !ours.has(term));
  return (sideOf(filter, name) === side ? rest : [...rest, wanted]).join(" ");
}
